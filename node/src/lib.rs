//! madang-node
