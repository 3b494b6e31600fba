//! The program as an operator uses it: real processes, exit codes, what is said.

mod dev;
mod operators;
mod program;
