//! Compares the tables here with those of `docs/protocol.md`: the page is the contract.

use std::collections::BTreeSet;
use std::path::Path;

use super::http::{ROUTES, document};
use super::{ErrorKind, Operation};

fn page() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/protocol.md")).unwrap()
}

/// The rows of all markdown tables whose header starts with `first`, split into cells.
fn rows(page: &str, first: &str) -> Vec<Vec<String>> {
    let cells = |line: &str| -> Vec<String> {
        line.trim().trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    let mut found = Vec::new();
    let mut inside = false;
    for line in page.lines() {
        if !line.starts_with('|') {
            inside = false;
            continue;
        }
        let row = cells(line);
        if row[0] == first {
            inside = true;
        } else if inside && !row[0].starts_with("---") {
            found.push(row);
        }
    }
    found
}

fn unquoted(cell: &str) -> String {
    cell.trim_matches('`').to_owned()
}

#[test]
fn the_error_table_is_the_one_of_the_protocol() {
    let page = page();
    let written: Vec<_> = rows(&page, "code").into_iter().filter(|row| row.len() == 5).collect();
    let ours: Vec<Vec<String>> = ErrorKind::ALL
        .iter()
        .map(|kind| {
            let temporary = if kind.is_temporary() { "yes" } else { "no" };
            vec![
                kind.code().to_string(),
                kind.name().to_owned(),
                kind.http_status().to_string(),
                temporary.to_owned(),
            ]
        })
        .collect();
    let theirs: Vec<Vec<String>> = written.iter().map(|row| row[..4].to_vec()).collect();
    assert_eq!(ours, theirs);
}

#[test]
fn operations_and_routes_are_those_of_the_protocol() {
    let mut written = Vec::new();
    for row in rows(&page(), "operation") {
        let http = &row[3];
        let route = http.split('`').nth(1).unwrap();
        let status = http.split('(').nth(1).map_or("200", |rest| &rest[..3]);
        written.push((unquoted(&row[0]), route.to_owned(), status.to_owned()));
    }
    let ours: Vec<_> = ROUTES
        .iter()
        .map(|route| {
            let line = format!("{} {}", route.method, route.path);
            (route.operation.name().to_owned(), line, route.status.to_string())
        })
        .collect();
    assert_eq!(ours, written);
}

#[test]
fn every_operation_but_connect_has_exactly_one_route() {
    let routed: Vec<_> = ROUTES.iter().map(|route| route.operation).collect();
    let all: Vec<_> = Operation::ALL.iter().copied().filter(|op| *op != Operation::Connect).collect();
    assert_eq!(routed, all);
}

/// The names in a cell such as `room, title?, members? (up to 100 user ids)`, with `?` kept.
fn field_names(cell: &str) -> BTreeSet<String> {
    let mut depth = 0_usize;
    let plain: String = cell
        .chars()
        .filter(|c| {
            match c {
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => return depth == 0,
            }
            false
        })
        .collect();
    plain
        .replace(" or ", ",")
        .split(',')
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .collect()
}

#[test]
fn the_openapi_document_has_every_operation_with_the_fields_of_the_protocol() {
    let document = serde_json::to_value(document()).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    for row in rows(&page(), "operation") {
        let (name, fields) = (unquoted(&row[0]), field_names(&row[1]));
        let route = row[3].split('`').nth(1).unwrap();
        let (method, path) = route.split_once(' ').unwrap();
        let operation = &document["paths"][path][method.to_lowercase()];
        assert_eq!(operation["operationId"], name.as_str(), "{route}");

        let mut ours = BTreeSet::new();
        let mut add = |name: &str, required: bool| {
            ours.insert(if required { name.to_owned() } else { format!("{name}?") });
        };
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            add(parameter["name"].as_str().unwrap(), parameter["required"] == true);
        }
        let body = &operation["requestBody"]["content"]["application/json"]["schema"];
        let required: Vec<&str> =
            body["required"].as_array().into_iter().flatten().filter_map(|name| name.as_str()).collect();
        for name in body["properties"].as_object().into_iter().flat_map(|fields| fields.keys()) {
            add(name, required.contains(&name.as_str()));
        }
        assert_eq!(ours, fields, "{name}");
    }
}

#[test]
fn every_schema_that_the_openapi_document_refers_to_is_in_it() {
    let document = serde_json::to_value(document()).unwrap();
    let text = document.to_string();
    let refs: BTreeSet<&str> =
        text.split("#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(refs.contains("Problem") && refs.contains("EventKind"));
    for name in refs {
        assert!(document["components"]["schemas"][name].is_object(), "{name}");
    }
}
