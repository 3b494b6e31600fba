//! madang-actors
