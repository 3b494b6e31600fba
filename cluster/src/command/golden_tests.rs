//! The bytes of commands and answers, fixed: they are in raft logs and between nodes of different versions.

use super::*;

fn user() -> UserId {
    UserId::parse("minji").unwrap()
}

fn check<T: Serialize + serde::de::DeserializeOwned + PartialEq + fmt::Debug>(value: T, golden: &str) {
    let bytes = rmp_serde::to_vec(&value).unwrap();
    let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(hex, golden, "{value:?}");
    assert_eq!(rmp_serde::from_slice::<T>(&bytes).unwrap(), value);
}
