//! madang-loadtest
