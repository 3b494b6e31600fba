//! The program as an operator uses it: real processes, exit codes, what is said.

#[path = "../shared/certificate.rs"]
mod certificate;
mod dev;
mod operators;
mod program;
mod tls;
