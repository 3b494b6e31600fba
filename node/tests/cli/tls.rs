//! TLS with clients as an operator sets it up: what is said at the start, and SIGHUP.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

use crate::certificate::Issued;
use crate::program::{LIMIT, Serving, run, wait_until};

type Stream = StreamOwned<ClientConnection, TcpStream>;

/// The settings as arguments.
fn arguments(certificate: &Path, key: &Path) -> Vec<String> {
    let pairs = [("http.tls_certificate", certificate), ("http.tls_key", key)];
    pairs.iter().flat_map(|(name, path)| ["--set".to_owned(), format!("{name}={}", path.display())]).collect()
}

/// One request on a connection that stays open; the status line.
fn ask(stream: &mut Stream) -> std::io::Result<String> {
    stream.write_all(b"GET /livez HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")?;
    let mut answer = [0; 4096];
    let length = stream.read(&mut answer)?;
    let text = String::from_utf8_lossy(&answer[..length]).into_owned();
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

fn connect(address: &str, config: ClientConfig) -> std::io::Result<Stream> {
    let socket = TcpStream::connect(address)?;
    socket.set_read_timeout(Some(LIMIT))?;
    let host = ServerName::try_from("127.0.0.1").unwrap();
    let session = ClientConnection::new(Arc::new(config), host).unwrap();
    let mut stream = StreamOwned::new(session, socket);
    assert_eq!(ask(&mut stream)?, "HTTP/1.1 200 OK");
    Ok(stream)
}

#[test]
fn a_renewed_certificate_is_taken_over_on_sighup_and_open_connections_stay() {
    let issued = Issued::new();
    let line = arguments(&issued.certificate, &issued.key);
    let node = Serving::start(&line.iter().map(String::as_str).collect::<Vec<_>>());
    let url = node.about["http"].as_str().unwrap();
    let address = url.strip_prefix("https://").expect("the ready file says that TLS is spoken");
    let mut old = connect(address, issued.client()).unwrap();

    issued.renew();
    let pid = node.about["pid"].to_string();
    assert!(Command::new("kill").args(["-s", "HUP", &pid]).status().unwrap().success());
    wait_until("the new certificate", || connect(address, issued.client()).ok());
    assert_eq!(ask(&mut old).unwrap(), "HTTP/1.1 200 OK");
}

#[test]
fn what_is_wrong_with_the_files_is_said_before_anything_starts() {
    let (issued, other) = (Issued::new(), Issued::new());
    let missing = Path::new("/no/such/file.pem");
    for (certificate, key, said) in [
        (missing, &*issued.key, "the certificate in /no/such/file.pem cannot be used: No such file"),
        (&*issued.certificate, missing, "the private key in /no/such/file.pem cannot be used: No such file"),
        (&*issued.certificate, &*issued.certificate, "cert.pem cannot be used: there is none in it"),
        (&*issued.certificate, &*other.key, "does not belong to the certificate in"),
    ] {
        let line = arguments(certificate, key);
        let mut words = vec!["serve", "--http-listen", "127.0.0.1:0", "--peer-listen", "127.0.0.1:0"];
        words.extend(line.iter().map(String::as_str));
        let ended = run(&words);
        assert_eq!(ended.code, Some(1), "{}", ended.err);
        assert!(ended.err.contains(said), "{said} is not in: {}", ended.err);
    }
    let half = run(&["config", "check", "--set", "http.tls_key=key.pem"]);
    assert!(half.err.contains("set http.tls_key, missing http.tls_certificate"), "{}", half.err);
}
