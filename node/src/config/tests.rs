use std::path::{Path, PathBuf};

use super::*;

fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("madang.toml");
    std::fs::write(&path, text).unwrap();
    (dir, path)
}

fn layers(file: Option<PathBuf>, environment: &[(&str, &str)], flags: &[(&'static str, &str)]) -> Layers {
    Layers {
        file,
        environment: environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
        flags: flags
            .iter()
            .map(|(key, value)| Flag { key, flag: "--some-flag", value: (*value).to_owned() })
            .collect(),
    }
}

fn refusal(layers: Layers) -> String {
    layers.load().unwrap_err().to_string()
}

#[test]
fn nothing_given_means_the_defaults() {
    let loaded = layers(None, &[], &[]).load().unwrap();
    assert_eq!(loaded.config, Config::default());
    assert!(loaded.origins.is_empty());
}

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let (_dir, path) = file("[http]\nlisten = '127.0.0.1:1'\nworkers = 1\nkeep_alive_ms = 7\n");
    let loaded = layers(
        Some(path.clone()),
        &[("MADANG_HTTP__LISTEN", "127.0.0.1:2"), ("MADANG_HTTP__WORKERS", "2"), ("HOME", "/root")],
        &[("http.listen", "127.0.0.1:3")],
    )
    .load()
    .unwrap();
    assert_eq!(loaded.config.http.listen.port(), 3);
    assert_eq!(loaded.config.http.workers, 2);
    assert_eq!(loaded.config.http.keep_alive_ms, 7);
    assert_eq!(loaded.origins["http.listen"], Origin::Flag("--some-flag"));
    assert_eq!(loaded.origins["http.workers"], Origin::Variable("MADANG_HTTP__WORKERS".into()));
    assert_eq!(loaded.origins["http.keep_alive_ms"], Origin::File(path));
}

#[test]
fn every_setting_can_be_given_by_its_variable() {
    let defaults = serde_json::to_value(Config::default()).unwrap();
    for setting in Config::settings() {
        let value = match &defaults[setting.key.split('.').next().unwrap()][setting.name()] {
            serde_json::Value::String(text) => text.clone(),
            serde_json::Value::Array(_) if setting.key == "peer.seeds" => "a:7400,b:7400".to_owned(),
            serde_json::Value::Array(_) if setting.key == "safety.admins" => "minji,jun".to_owned(),
            serde_json::Value::Array(_) => "https://a.example,https://b.example".to_owned(),
            other => other.to_string(),
        };
        let loaded = layers(None, &[(&setting.variable(), &value)], &[]).load().unwrap();
        assert_eq!(loaded.origins.len(), 1, "{}", setting.key);
        assert!(loaded.origins.contains_key(setting.key), "{}", setting.key);
    }
}

#[test]
fn a_list_in_the_environment_is_separated_by_commas() {
    let variable = ("MADANG_HTTP__ALLOWED_ORIGINS", "https://a.example,http://b.example:8080");
    let loaded = layers(None, &[variable], &[]).load().unwrap();
    assert_eq!(loaded.config.http.allowed_origins, ["https://a.example", "http://b.example:8080"]);
}

#[test]
fn a_text_in_the_environment_is_taken_as_it_is() {
    let loaded = layers(None, &[("MADANG_PEER__SECRET", "007"), ("MADANG_PEER__ZONE", "1e3")], &[]).load();
    let Peer { secret, zone, .. } = loaded.unwrap().config.peer;
    assert_eq!((secret.reveal(), zone.as_str()), ("007", "1e3"));
}

#[test]
fn a_flag_is_stronger_than_a_text_in_the_environment() {
    let loaded = layers(None, &[("MADANG_PEER__ZONE", "a")], &[("peer.zone", "b")]).load().unwrap();
    assert_eq!(loaded.config.peer.zone, "b");
    assert_eq!(loaded.origins["peer.zone"], Origin::Flag("--some-flag"));
}

#[test]
fn a_secret_is_shown_to_nobody() {
    let secret = "hunter2-hunter2";
    let (_dir, path) = file(&format!("[peer]\nsecret = '{secret}'\n"));
    let from_file = layers(Some(path.clone()), &[], &[]);
    let from_flag = layers(None, &[("MADANG_PEER__SECRET", secret)], &[("peer.secret", secret)]);
    for layers in [from_file, from_flag] {
        let debug = format!("{layers:?}");
        let loaded = layers.load().unwrap();
        assert_eq!(loaded.config.peer.secret.reveal(), secret);
        for shown in [debug, format!("{loaded:?}"), loaded_toml(&loaded), loaded.summary()] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
    let loaded = layers(Some(path.clone()), &[], &[]).load().unwrap();
    let said = format!("\n# secret is set, not shown # {}\n", path.display());
    assert!(loaded_toml(&loaded).contains(&said), "{}", loaded_toml(&loaded));
    assert!(loaded_toml(&layers(None, &[], &[]).load().unwrap()).contains("\nsecret = \"\" # default\n"));

    let (_dir, path) = file("[peer]\nsecret = 1234567\n");
    let message = refusal(layers(Some(path), &[], &[]));
    assert!(
        message.contains("peer.secret must be a text in quotes") && !message.contains("1234567"),
        "{message}"
    );
}

#[test]
fn a_secret_survives_a_reload() {
    let (_dir, path) = file("[peer]\nsecret = 's3cret'\n");
    let layers = layers(Some(path), &[], &[]);
    let loaded = layers.clone().load().unwrap();
    let (source, live) = LiveSource::new(layers, &loaded);
    assert!(source.reload().unwrap().is_empty());
    assert_eq!(live.get().peer.secret.reveal(), "s3cret");
}

#[test]
fn the_port_for_other_nodes_says_what_it_needs() {
    let secret = ("MADANG_PEER__SECRET", "s");
    let everywhere = ("MADANG_PEER__LISTEN", "0.0.0.0:7400");
    let wrong: &[(&[(&str, &str)], &str)] = &[
        (
            &[("MADANG_PEER__LISTEN", "10.0.0.1:7400")],
            "10.0.0.1:7400 can be reached from other machines: it needs peer.secret or peer.secret_file",
        ),
        (&[secret, ("MADANG_PEER__SECRET_FILE", "f")], "both set: keep one"),
        (&[secret, everywhere], "set peer.advertise to the host:port"),
        (&[("MADANG_PEER__SEEDS", "a:7400,b")], "peer.seeds: `b` has no port; write host:port"),
        (&[("MADANG_PEER__ADVERTISE", "a")], "peer.advertise: `a` has no port"),
        (&[("MADANG_HTTP__ADVERTISE", "a:b:1")], "http.advertise: `a:b:1` is not host:port"),
        (&[("MADANG_HTTP__ADVERTISE", "https://a/b")], "http.advertise: `https://a/b` is neither host:port"),
        (&[("MADANG_HTTP__TLS_KEY", "key.pem")], "set http.tls_key, missing http.tls_certificate"),
        (&[("MADANG_HTTP__TLS_CERTIFICATE", "a.pem")], "set http.tls_certificate, missing http.tls_key"),
        (&[("MADANG_HTTP__ADVERTISE", "ws://a")], "http.advertise: `ws://a` is neither host:port"),
        (
            &[("MADANG_PEER__TLS_CA", "ca.pem")],
            "set peer.tls_ca, missing peer.tls_certificate and peer.tls_key",
        ),
    ];
    for (environment, said) in wrong {
        let message = refusal(layers(None, environment, &[]));
        assert!(message.contains(said), "{environment:?}: {message}");
    }
    for good in [
        &[("MADANG_PEER__SEEDS", "a:7400,[::1]:7401")][..],
        &[secret, everywhere, ("MADANG_PEER__ADVERTISE", "a:7400")],
        &[secret, everywhere, ("MADANG_PEER__SEEDS", "a:7400,b:7400")],
        &[("MADANG_PEER__LISTEN", "[::1]:7400")],
        &[("MADANG_PEER__LISTEN", "10.0.0.1:7400"), ("MADANG_PEER__SECRET_FILE", "f")],
    ] {
        layers(None, good, &[]).load().unwrap();
    }
}

#[test]
fn an_unknown_key_is_refused_with_its_place_and_the_nearest_name() {
    let (_dir, path) = file("[node]\ndata_dir = 'x'\n\n[http]\n# comment\nlissten = '127.0.0.1:1'\n");
    let message = refusal(layers(Some(path.clone()), &[], &[]));
    assert_eq!(
        message,
        format!("unknown setting `http.lissten` in {}, line 6; did you mean `http.listen`?", path.display())
    );
}

#[test]
fn an_unknown_variable_is_refused_by_its_name() {
    let message = refusal(layers(None, &[("MADANG_RAFT__HEARTBEAT", "5")], &[]));
    assert_eq!(
        message,
        "unknown setting `raft.heartbeat` in the environment variable MADANG_RAFT__HEARTBEAT; did you mean \
         `raft.heartbeat_ms`?"
    );
}

#[test]
fn a_variable_of_another_tool_is_left_alone_but_a_lost_underscore_is_told() {
    assert!(layers(None, &[("MADANG_BIN", "target/madang"), ("MADANG_URL", "http://a")], &[]).load().is_ok());
    let message = refusal(layers(None, &[("MADANG_HTTP_LISTEN", "127.0.0.1:1")], &[]));
    assert!(message.contains("MADANG_HTTP_LISTEN; did you mean `http.listen`?"), "{message}");
}

#[test]
fn a_setting_in_the_wrong_section_is_found_in_the_right_one() {
    let (_dir, path) = file("[node]\nkeep_alive_ms = 1\n");
    assert!(refusal(layers(Some(path), &[], &[])).ends_with("did you mean `http.keep_alive_ms`?"));
}

#[test]
fn a_key_like_nothing_gets_no_wrong_advice() {
    let (_dir, path) = file("qqqq = 1\n");
    assert!(refusal(layers(Some(path), &[], &[])).contains("`madang config print` shows all settings"));
}

#[test]
fn values_of_the_wrong_kind_or_out_of_range_are_named_with_their_place() {
    let (_dir, path) = file("[http]\nworkers = 1.5\nrequest_ms = 0\n[log]\nformat = 'xml'\n");
    let message = refusal(layers(Some(path), &[("MADANG_SESSION__PING_MS", "often")], &[]));
    for part in [
        "http.workers must be a whole number of threads from 0 to 256, not `1.5`",
        "http.request_ms must be a whole number of milliseconds from 100 to 3600000, not `0`",
        "log.format must be one of text, json, not `xml`",
        "session.ping_ms must be a whole number",
        "from the environment variable MADANG_SESSION__PING_MS",
    ] {
        assert!(message.contains(part), "{part}\n{message}");
    }
}

#[test]
fn an_address_that_is_none_is_refused() {
    assert!(refusal(layers(None, &[("MADANG_HTTP__LISTEN", "here")], &[])).contains("listen"));
}

#[test]
fn a_missing_file_and_broken_toml_are_refused() {
    assert!(refusal(layers(Some(PathBuf::from("/nowhere/madang.toml")), &[], &[])).contains("/nowhere"));
    let (_dir, path) = file("[http\n");
    assert!(refusal(layers(Some(path), &[], &[])).contains("madang.toml"));
}

#[test]
fn limits_that_contradict_each_other_are_refused() {
    let wrong: &[(&[(&str, &str)], &str)] = &[
        (&[("MADANG_LIMITS__TEXT_BYTES_MAX", "65536")], "limits.frame_bytes_max"),
        (&[("MADANG_LIMITS__OUTBOUND_BYTES_MAX", "65536")], "limits.outbound_bytes_max"),
        (&[("MADANG_LIMITS__SENDS_BURST", "1")], "limits.sends_burst"),
        (&[("MADANG_AUTH__ARGON2_MEMORY_KIB", "8"), ("MADANG_AUTH__ARGON2_PARALLELISM", "2")], "auth.argon2"),
        (&[("MADANG_RAFT__HEARTBEAT_MS", "400")], "raft.election_min_ms"),
        (&[("MADANG_RAFT__ELECTION_MAX_MS", "400")], "raft.election_max_ms"),
        (&[("MADANG_HTTP__ALLOWED_ORIGINS", "https://a.example/path")], "http.allowed_origins"),
        (&[("MADANG_LOG__FILTER", "info,x=loud")], "log.filter"),
    ];
    for (environment, named) in wrong {
        let message = refusal(layers(None, environment, &[]));
        assert!(message.contains(named), "{environment:?}: {message}");
    }
}

#[test]
fn what_is_printed_can_be_loaded_again() {
    let (_dir, path) = file(&defaults_toml());
    let loaded = layers(Some(path), &[], &[]).load().unwrap();
    assert_eq!(loaded.config, Config::default());
    assert_eq!(loaded.origins.len(), Config::settings().count());
}

#[test]
fn a_loaded_file_is_printed_with_the_origin_of_each_value() {
    let loaded = layers(None, &[("MADANG_HTTP__WORKERS", "2")], &[]).load().unwrap();
    let text = loaded_toml(&loaded);
    assert!(text.contains("\nworkers = 2 # the environment variable MADANG_HTTP__WORKERS\n"), "{text}");
    assert!(text.contains("\nkeep_alive_ms = 75000 # default\n"), "{text}");
}

#[test]
fn every_default_is_within_its_own_range() {
    let (_dir, path) = file(&defaults_toml());
    layers(Some(path), &[], &[]).load().unwrap();
    check(&Config::default()).unwrap();
}

#[test]
fn docs_show_exactly_what_the_program_prints() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/madang.toml");
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == defaults_toml(), "docs/madang.toml is out of date: run `make docs`");
}

#[test]
fn a_reload_takes_what_can_change_and_names_what_cannot() {
    let (_dir, path) = file("[http]\nworkers = 1\n");
    let layers = layers(Some(path.clone()), &[], &[]);
    let loaded = layers.clone().load().unwrap();
    let (source, live) = LiveSource::new(layers, &loaded);
    std::fs::write(&path, "[http]\nworkers = 2\n[log]\nfilter = 'debug'\n").unwrap();
    assert_eq!(source.reload().unwrap(), ["http.workers"]);
    assert_eq!(live.get().http.workers, 1);
    assert_eq!(live.get().log.filter, "debug");
}

#[test]
fn a_broken_file_on_reload_changes_nothing() {
    let (_dir, path) = file("[log]\nfilter = 'warn'\n");
    let layers = layers(Some(path.clone()), &[], &[]);
    let loaded = layers.clone().load().unwrap();
    let (source, live) = LiveSource::new(layers, &loaded);
    std::fs::write(&path, "[log]\nfiller = 'debug'\n").unwrap();
    assert!(source.reload().is_err());
    assert_eq!(live.get().log.filter, "warn");
}
