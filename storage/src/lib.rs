//! madang-storage
