//! Checked field types: what arrives here keeps to the protocol's lengths and ranges, so that nothing
//! further in has to ask again.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};

/// A text with a least and a greatest length in characters, newtyped.
macro_rules! text_field {
    ($(#[doc = $doc:literal])* $name:ident, $min:literal, $max:literal) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
        pub struct $name(String);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The text itself.
            pub fn into_string(self) -> String {
                self.0
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = String::deserialize(from)?;
                let length = text.chars().count();
                if ($min..=$max).contains(&length) {
                    Ok(Self(text))
                } else {
                    let expected = concat!(stringify!($min), " to ", stringify!($max), " characters");
                    Err(de::Error::custom(format_args!("{expected} are wanted, not {length}")))
                }
            }
        }
    };
}

text_field!(
    /// The name of a user that people see.
    DisplayName, 1, 64
);
text_field!(
    /// The name of a device that people see.
    DeviceName, 0, 64
);
text_field!(
    /// The title of a room.
    Title, 0, 128
);
text_field!(
    /// The topic of a room.
    Topic, 0, 512
);
text_field!(
    /// Why something was done, for people.
    Reason, 0, 200
);
text_field!(
    /// How what is searched for begins.
    Search, 1, 64
);

/// Where a picture is: an http(s) address, or the name that a media store gave it; empty for none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Picture(String);

/// The longest place of a picture, in bytes.
const PICTURE_BYTES_MAX: usize = 512;

impl Picture {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text itself.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl<'de> Deserialize<'de> for Picture {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let address = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let fits = match address {
            Some(rest) => !rest.is_empty() && rest.chars().all(|c| !c.is_whitespace() && !c.is_control()),
            None => text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-')),
        };
        if fits && text.len() <= PICTURE_BYTES_MAX {
            Ok(Self(text))
        } else {
            Err(de::Error::custom(
                "an http(s) address or the name of a media store is wanted, up to 512 bytes",
            ))
        }
    }
}

/// A number with a least and a greatest value, newtyped.
macro_rules! number_field {
    ($(#[doc = $doc:literal])* $name:ident, $number:ty, $min:literal, $max:literal) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
        pub struct $name($number);

        impl $name {
            /// The number.
            pub fn get(self) -> $number {
                self.0
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let number = <$number>::deserialize(from)?;
                if ($min..=$max).contains(&number) {
                    Ok(Self(number))
                } else {
                    let expected = concat!(stringify!($min), " to ", stringify!($max));
                    Err(de::Error::custom(format_args!("{expected} is wanted, not {number}")))
                }
            }
        }
    };
}

number_field!(
    /// How long something is to hold: up to ten years, in milliseconds.
    LastingMs, u64, 1, 315_360_000_000
);
number_field!(
    /// Seconds between two messages of one member.
    SlowMode, u32, 0, 86_400
);
number_field!(
    /// How many people a room has places for.
    Places, u64, 2, 10_000_000
);
number_field!(
    /// How many people a link lets in.
    Uses, u32, 1, 1_000_000
);

text_field!(
    /// Something to say about a report.
    Note, 0, 1000
);
text_field!(
    /// What a user says of being there.
    StatusText, 0, 128
);
text_field!(
    /// One picture; some are made of several characters.
    Emoji, 0, 16
);

/// A text that never shows up in logs: a password or a token.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Takes the text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text. For hashing and comparing only.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// The shortest password, in bytes.
pub const PASSWORD_BYTES_MIN: usize = 8;
/// The longest password, in bytes.
pub const PASSWORD_BYTES_MAX: usize = 256;

/// A password: 8 to 256 bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Password(Secret);

impl Password {
    /// The text. For hashing only.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let secret = Secret::deserialize(from)?;
        let length = secret.expose().len();
        if (PASSWORD_BYTES_MIN..=PASSWORD_BYTES_MAX).contains(&length) {
            Ok(Self(secret))
        } else {
            Err(de::Error::custom("a password has 8 to 256 bytes"))
        }
    }
}

/// How many items of a page are asked for: 1 to `MAX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct PageLimit<const MAX: u32>(u32);

impl<const MAX: u32> PageLimit<MAX> {
    /// The number.
    pub fn get(self) -> u32 {
        self.0
    }
}

impl<'de, const MAX: u32> Deserialize<'de> for PageLimit<MAX> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let limit = u32::deserialize(from)?;
        if (1..=MAX).contains(&limit) {
            Ok(Self(limit))
        } else {
            Err(de::Error::custom(format_args!("a limit is 1 to {MAX}, not {limit}")))
        }
    }
}

/// Rules between the fields of one request, checked when it is read.
pub trait Check {
    /// Whether the fields go together.
    ///
    /// # Errors
    /// What is wrong, naming the fields.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}
