//! Frames on a stream: a length (four bytes, most significant first), then MessagePack.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::frame::{Again, Frame};
use super::refusal::Refusal;
use crate::link::error::LinkError;

/// What both sides send before anything else: other programs are told apart by their first bytes.
pub(super) const MAGIC: [u8; 8] = *b"madang\r\n";
/// A frame before and between the proofs.
pub(super) const FRAME_BYTES_MAX: usize = 4 * 1024;
/// A question or an answer, after the proofs.
pub(in crate::link) const QUESTION_BYTES_MAX: usize = 1 << 20;
/// MessagePack around a question.
pub(super) const QUESTION_FRAME_BYTES_MAX: usize = QUESTION_BYTES_MAX + 64;
/// A refusal's sentence; what is longer is cut.
const WHY_CHARS_MAX: usize = 512;

/// Why an introduction failed.
#[derive(Debug, thiserror::Error)]
pub(in crate::link) enum HandshakeError {
    /// The stream ended or broke.
    #[error("the connection ended during the handshake: {0}")]
    Io(#[from] io::Error),
    /// The other side is no node of madang, or a broken one.
    #[error("{0}")]
    Garbage(String),
    /// The other side was refused, by us.
    #[error(transparent)]
    Refuse(#[from] Refusal),
    /// The other side refused us.
    #[error("{1}")]
    Refused(Again, String),
    /// This node's own end of the lane is not there, for now.
    #[error("this node's links are stopping or restarting")]
    NotReady,
    /// It took too long.
    #[error("the handshake took longer than {after_ms} ms")]
    Timeout { after_ms: u64 },
}

impl HandshakeError {
    /// As the layer above hears it, before anything was asked.
    pub(in crate::link) fn before(self, address: &str) -> LinkError {
        match self {
            Self::Refuse(refusal) => LinkError::Refused { why: refusal.to_string() },
            Self::Refused(_, why) => LinkError::Refused { why },
            Self::Io(_) | Self::Garbage(_) | Self::NotReady | Self::Timeout { .. } => {
                LinkError::Unreachable { address: address.to_owned(), why: self.to_string() }
            }
        }
    }

    /// As the layer above hears it, once a question was sent.
    pub(in crate::link) fn after(self, address: &str) -> LinkError {
        match self {
            Self::Refused(_, why) => LinkError::Remote { why },
            _ => LinkError::Lost { address: address.to_owned(), why: self.to_string() },
        }
    }
}

pub(super) fn encode(frame: &Frame) -> io::Result<Vec<u8>> {
    rmp_serde::to_vec(frame).map_err(io::Error::other)
}

pub(super) fn decode(bytes: &[u8]) -> Result<Frame, HandshakeError> {
    rmp_serde::from_slice(bytes)
        .map_err(|error| HandshakeError::Garbage(format!("a frame of the handshake makes no sense: {error}")))
}

/// Writes one frame.
pub(in crate::link) async fn write<S>(stream: &mut S, frame: &Frame) -> Result<(), HandshakeError>
where
    S: AsyncWrite + Unpin,
{
    write_bytes(stream, &encode(frame)?).await
}

pub(super) async fn write_bytes<S>(stream: &mut S, bytes: &[u8]) -> Result<(), HandshakeError>
where
    S: AsyncWrite + Unpin,
{
    let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
    // One write: with TCP_NODELAY two would be two packets.
    let mut framed = Vec::with_capacity(bytes.len() + 4);
    framed.extend_from_slice(&length.to_be_bytes());
    framed.extend_from_slice(bytes);
    stream.write_all(&framed).await?;
    stream.flush().await?;
    Ok(())
}

/// Reads one frame of at most a question's size; a refusal becomes an error. Only after the proofs.
pub(in crate::link) async fn read<S>(stream: &mut S) -> Result<Frame, HandshakeError>
where
    S: AsyncRead + Unpin,
{
    decode_unrefused(&read_bytes(stream, QUESTION_FRAME_BYTES_MAX).await?)
}

pub(super) fn decode_unrefused(bytes: &[u8]) -> Result<Frame, HandshakeError> {
    match decode(bytes)? {
        Frame::Refused(again, why) => Err(HandshakeError::Refused(again, printable(&why))),
        frame => Ok(frame),
    }
}

/// Reads the bytes of one frame, growing only as they arrive.
pub(super) async fn read_bytes<S>(stream: &mut S, bytes_max: usize) -> Result<Vec<u8>, HandshakeError>
where
    S: AsyncRead + Unpin,
{
    let length = u64::from(stream.read_u32().await?);
    if length > bytes_max as u64 {
        return Err(HandshakeError::Garbage(format!(
            "a frame of {length} bytes in the handshake, over the limit of {bytes_max}"
        )));
    }
    let mut bytes = Vec::new();
    stream.take(length).read_to_end(&mut bytes).await?;
    if (bytes.len() as u64) < length {
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
    }
    Ok(bytes)
}

/// Tells the other side why not; that it hears it is not certain.
pub(in crate::link) async fn refuse<S>(stream: &mut S, refusal: &Refusal)
where
    S: AsyncWrite + Unpin,
{
    let frame = Frame::Refused(refusal.again(), refusal.to_string());
    if write(stream, &frame).await.is_ok() {
        let _ = stream.shutdown().await;
    }
}

/// A sentence of somebody who may not have proven anything goes into logs: short, and without control
/// characters.
fn printable(why: &str) -> String {
    why.chars().filter(|c| !c.is_control()).take(WHY_CHARS_MAX).collect()
}
