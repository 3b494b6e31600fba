//! Hello and proof, from both sides.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::frame::{Frame, Hello};
use super::proof::{Role, Transcript};
use super::refusal::Refusal;
use super::wire::{
    FRAME_BYTES_MAX, HandshakeError, MAGIC, decode, decode_unrefused, encode, read_bytes, refuse, write,
    write_bytes,
};
use crate::link::secret::Secret;

/// The first byte of a TLS record with an alert, which is what a TLS listener answers to plain bytes …
const TLS_ALERT: u8 = 21;
/// … and of one with a handshake, which is how a TLS client begins.
const TLS_HANDSHAKE: u8 = 22;

/// The caller's part. When it returns, both know that the other knows the secret.
pub(in crate::link) async fn introduce<S>(
    stream: &mut S,
    secret: &Secret,
    binding: &[u8],
) -> Result<(), HandshakeError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let hello = Hello::new();
    let caller = encode(&Frame::Hello(hello.clone()))?;
    stream.write_all(&MAGIC).await?;
    write_bytes(stream, &caller).await?;

    read_magic(stream).await?;
    let listener = read_bytes(stream, FRAME_BYTES_MAX).await?;
    let theirs = expect_hello(decode_unrefused(&listener)?)?;
    if !hello.fits(&theirs) {
        return Err(version(&theirs).into());
    }
    let transcript = Transcript { caller: &caller, listener: &listener, binding };
    write(stream, &Frame::Proof(transcript.prove(secret, Role::Caller))).await?;
    let proof = expect_proof(decode_unrefused(&read_bytes(stream, FRAME_BYTES_MAX).await?)?)?;
    if !transcript.proves(secret, Role::Listener, &proof) {
        return Err(Refusal::WrongSecret.into());
    }
    Ok(())
}

/// The listener's part. When it returns, both know that the other knows the secret. Who is refused is told
/// why before this returns.
pub(in crate::link) async fn meet<S>(
    stream: &mut S,
    secret: &Secret,
    binding: &[u8],
) -> Result<(), HandshakeError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    read_magic(stream).await?;
    let caller = read_bytes(stream, FRAME_BYTES_MAX).await?;
    let theirs = expect_hello(decode(&caller)?)?;
    stream.write_all(&MAGIC).await?;
    let hello = Hello::new();
    if !hello.fits(&theirs) {
        return refused(stream, version(&theirs)).await;
    }
    let listener = encode(&Frame::Hello(hello))?;
    write_bytes(stream, &listener).await?;

    let proof = expect_proof(decode(&read_bytes(stream, FRAME_BYTES_MAX).await?)?)?;
    let transcript = Transcript { caller: &caller, listener: &listener, binding };
    if !transcript.proves(secret, Role::Caller, &proof) {
        return refused(stream, Refusal::WrongSecret).await;
    }
    write(stream, &Frame::Proof(transcript.prove(secret, Role::Listener))).await
}

async fn refused<S>(stream: &mut S, refusal: Refusal) -> Result<(), HandshakeError>
where
    S: AsyncWrite + Unpin,
{
    refuse(stream, &refusal).await;
    Err(refusal.into())
}

fn version(theirs: &Hello) -> Refusal {
    Refusal::Version { oldest: theirs.version_oldest, newest: theirs.version }
}

async fn read_magic<S>(stream: &mut S) -> Result<(), HandshakeError>
where
    S: AsyncRead + Unpin,
{
    let mut magic = [0; MAGIC.len()];
    let mut filled = 0;
    // A program of another kind may send less than this and wait: its first wrong byte is enough.
    while let Some(rest) = magic.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        let read = stream.read(rest).await?;
        if read == 0 {
            return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into());
        }
        filled += read;
        if magic.get(..filled) != MAGIC.get(..filled) {
            return Err(HandshakeError::Garbage(stranger(magic.first().copied())));
        }
    }
    Ok(())
}

fn stranger(first: Option<u8>) -> String {
    match first {
        Some(TLS_ALERT) => "the other side speaks TLS, this one does not: configure TLS for links on every \
                            node, or on none"
            .to_owned(),
        Some(TLS_HANDSHAKE) => "the caller speaks TLS, this node does not: configure TLS for links on every \
                                node, or on none"
            .to_owned(),
        _ => "the other side does not speak madang's protocol between nodes".to_owned(),
    }
}

fn expect_hello(frame: Frame) -> Result<Hello, HandshakeError> {
    match frame {
        Frame::Hello(hello) => Ok(hello),
        other => Err(HandshakeError::Garbage(format!("{} instead of a hello", other.name()))),
    }
}

fn expect_proof(frame: Frame) -> Result<[u8; 32], HandshakeError> {
    match frame {
        Frame::Proof(proof) => Ok(proof),
        other => Err(HandshakeError::Garbage(format!("{} instead of a proof", other.name()))),
    }
}
