//! madang-cluster
