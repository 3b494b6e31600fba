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
    let Some(report) = report(url).await else { return false };
    let Some(groups) = report.get("groups").and_then(Value::as_array) else { return false };
    groups.iter().all(|group| {
        let voters = group.get("voters").and_then(Value::as_array).map_or(0, Vec::len);
        group.get("leader").is_some_and(Value::is_u64)
            && group.get("settled") == Some(&Value::Bool(true))
            && voters >= replicas
    })
}

/// Where clients reach the node that leads most groups, as far as the node at `url` can tell.
pub(super) async fn leads_most(url: &str) -> Option<String> {
    let report = report(url).await?;
    let nodes = report.get("nodes")?.as_array()?;
    let most = nodes.iter().max_by_key(|node| node.get("leads").and_then(Value::as_u64))?;
    Some(format!("http://{}", most.get("http")?.as_str()?))
}

async fn report(url: &str) -> Option<Value> {
    let asked = http().get(format!("{url}/v1/cluster")).bearer_auth(SECRET).send();
    asked.await.ok()?.json().await.ok()
}

fn http() -> reqwest::Client {
    reqwest::Client::builder().timeout(ASK_WITHIN).build().expect("an HTTP client")
}
