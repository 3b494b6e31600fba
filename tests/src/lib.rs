//! madang-tests
