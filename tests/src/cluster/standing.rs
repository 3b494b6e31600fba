//! What the nodes themselves say about how they stand.

use std::time::Duration;

use serde_json::Value;

/// What proves that a node, or who asks about the cluster, belongs to it.
pub(super) const SECRET: &str = "a secret that only these tests know";
/// How long one question may take.
const ASK_WITHIN: Duration = Duration::from_secs(2);

/// Whether the node at `url` says that it is ready for clients.
pub(super) async fn is_ready(url: &str) -> bool {
    let answer = http().get(format!("{url}/readyz")).send().await;
    answer.is_ok_and(|answer| answer.status().is_success())
}

/// Whether, as far as the node at `url` can tell, every raft group has a leader and all the replicas that it
/// should have, so many at least.
pub(super) async fn is_settled(url: &str, replicas: usize) -> bool {
    let asked = http().get(format!("{url}/v1/cluster")).bearer_auth(SECRET).send();
    let Ok(answer) = asked.await else { return false };
    let Ok(report) = answer.json::<Value>().await else { return false };
    let Some(groups) = report.get("groups").and_then(Value::as_array) else { return false };
    groups.iter().all(|group| {
        let voters = group.get("voters").and_then(Value::as_array).map_or(0, Vec::len);
        group.get("leader").is_some_and(Value::is_u64)
            && group.get("settled") == Some(&Value::Bool(true))
            && voters >= replicas
    })
}

fn http() -> reqwest::Client {
    reqwest::Client::builder().timeout(ASK_WITHIN).build().expect("an HTTP client")
}
