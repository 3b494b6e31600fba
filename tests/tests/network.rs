//! The network of the fault tests does what it says: hosts reach each other, a cut link loses what goes one
//! way and only that, a slow link is slow, and nothing is left behind.

use std::net::UdpSocket;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use madang_tests::command::run;
use madang_tests::network::{End, Network};

const PORT: u16 = 7777;

/// Prints what it hears, one line for each datagram, until killed.
fn listener(network: &Network, host: usize) -> Child {
    let script = format!(
        "import socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\ns.bind(('0.0.0.0', {PORT}))\n\
         print('ready', flush=True)\nwhile True: print(s.recv(2000)[:20].decode(), flush=True)"
    );
    let net = format!("--net=/run/netns/{}", network.namespace(host));
    let mut listener = Command::new("nsenter")
        .args([&net, "python3", "-c", &script])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    assert_eq!(line_of(&mut listener), "ready");
    listener
}

/// The next line that it prints.
fn line_of(listener: &mut Child) -> String {
    use std::io::Read;
    let out = listener.stdout.as_mut().unwrap();
    let mut line = Vec::new();
    let mut byte = [0];
    while out.read(&mut byte).unwrap() == 1 && byte != *b"\n" {
        line.push(byte[0]);
    }
    String::from_utf8(line).unwrap()
}

/// One host says something to another.
fn say(network: &Network, from: End, to: End, word: &str) {
    let address = network.address(to);
    match from {
        End::Clients => {
            let socket = UdpSocket::bind((network.address(End::Clients), 0)).unwrap();
            socket.send_to(word.as_bytes(), (address, PORT)).unwrap();
        }
        End::Host(host) => {
            let script = format!(
                "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); \
                 s.sendto(b'{word}', ('{address}', {PORT}))"
            );
            let net = format!("--net=/run/netns/{}", network.namespace(host));
            run("nsenter", &[&net, "python3", "-c", &script]).unwrap();
        }
    }
}

#[test]
fn a_cut_link_loses_what_goes_one_way_and_heals() {
    let Some(network) = Network::new(2) else { return };
    let [first, second] = [End::Host(0), End::Host(1)];
    let (mut at_first, mut at_second) = (listener(&network, 0), listener(&network, 1));
    say(&network, first, second, "before");
    assert_eq!(line_of(&mut at_second), "before");

    network.cut_one_way(first, second);
    say(&network, first, second, "lost");
    say(&network, second, first, "other way");
    assert_eq!(line_of(&mut at_first), "other way");
    say(&network, End::Clients, second, "from clients");
    assert_eq!(line_of(&mut at_second), "from clients", "what was lost must not come");

    network.heal();
    say(&network, first, second, "healed");
    assert_eq!(line_of(&mut at_second), "healed");

    network.isolate(0);
    say(&network, first, second, "lost");
    say(&network, second, first, "lost");
    say(&network, End::Clients, first, "still here");
    assert_eq!(line_of(&mut at_first), "still here");
    network.heal();
    say(&network, first, second, "healed again");
    assert_eq!(line_of(&mut at_second), "healed again");

    for mut listener in [at_first, at_second] {
        listener.kill().unwrap();
        listener.wait().unwrap();
    }
}

#[test]
fn a_slow_link_is_slow() {
    let Some(network) = Network::new(2) else { return };
    let mut listener = listener(&network, 1);
    network.slow(0, 64);
    let script = format!(
        "import socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n\
         for i in range(17): s.sendto(b'%-20d' % i + b'x' * 1200, ('{}', {PORT}))",
        network.address(End::Host(1))
    );
    let began = Instant::now();
    let net = format!("--net=/run/netns/{}", network.namespace(0));
    run("nsenter", &[&net, "python3", "-c", &script]).unwrap();
    for number in 0..17 {
        assert_eq!(line_of(&mut listener).trim(), number.to_string());
    }
    // 21 KB, of which 16 KiB may go at once: the rest takes half a second at 8 KB/s.
    assert!(began.elapsed() > Duration::from_millis(300), "{:?}", began.elapsed());
    listener.kill().unwrap();
    listener.wait().unwrap();
}

#[test]
fn nothing_of_a_network_is_left_behind() {
    let Some(network) = Network::new(1) else { return };
    let names = [network.namespace(0).to_owned(), network.namespace(0).replace("host0", "hub")];
    let listed = run("ip", &["netns", "list"]).unwrap();
    assert!(names.iter().all(|name| listed.contains(name)), "{listed}");
    drop(network);
    let listed = run("ip", &["netns", "list"]).unwrap();
    assert!(!names.iter().any(|name| listed.contains(name)), "{listed}");
}
