//! The one handler of all operations: reads the request from path, query and body, hands it on, writes the
//! answer.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use actix_web::http::{Method, StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use serde_json::{Map, Value};

use super::route::{ROUTES, Route};
use super::{HttpState, problem};
use crate::api::field::Secret;
use crate::api::operation::Access;
use crate::api::{ApiError, Caller, ErrorKind, Request, Response};

/// Fields in paths that are numbers in requests.
const NUMBERS_IN_PATHS: [&str; 1] = ["seq"];

/// Registers every route of the table, and an answer for the methods that a path does not have.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    let mut paths: BTreeMap<&'static str, Vec<&'static Route>> = BTreeMap::new();
    for route in ROUTES {
        paths.entry(route.path).or_default().push(route);
    }
    for (path, routes) in paths {
        let allowed = routes.iter().map(|route| route.method.as_str()).collect::<Vec<_>>().join(", ");
        let mut resource = web::resource(path).default_service(web::to(move |request: HttpRequest| {
            let response = problem::method_not_allowed(&request, &allowed);
            async move { response }
        }));
        for route in routes {
            let handler = move |request, body, state| handle(route, request, body, state);
            resource = resource.route(web::method(route.method.clone()).to(handler));
        }
        config.service(resource);
    }
}

/// A refusal, and the status if it is not the one of the error table.
struct Refusal(ApiError, Option<u16>);

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Self(error, None)
    }
}

async fn handle(
    route: &'static Route,
    request: HttpRequest,
    body: web::Payload,
    state: web::Data<HttpState>,
) -> HttpResponse {
    let started = Instant::now();
    let response = match carry_out(route, &request, body, &state).await {
        Ok(answer) => success(route, &answer),
        Err(Refusal(error, None)) => problem::answer(error),
        Err(Refusal(error, Some(status))) => problem::with_status(error, status),
    };
    let (name, status) = (route.operation.name(), response.status().as_u16());
    state.metrics.http.observe(name, status, started.elapsed());
    tracing::debug!(operation = name, status, "http");
    response
}

async fn carry_out(
    route: &'static Route,
    http: &HttpRequest,
    body: web::Payload,
    state: &HttpState,
) -> Result<Response, Refusal> {
    let caller = caller(http)?;
    if route.operation.access() == Access::Session && caller.token.is_none() {
        let message = "this needs a header `Authorization: Bearer <token>`";
        return Err(ApiError::new(ErrorKind::Unauthenticated, message).into());
    }
    let path = path_fields(http);
    let request = if matches!(route.method, Method::GET | Method::DELETE) {
        from_query(route, http.query_string(), &path)?
    } else {
        from_body(route, &read_body(http, body, state).await?, path)?
    };
    Ok(state.dispatch.dispatch(caller, request).await?)
}

fn caller(http: &HttpRequest) -> Result<Caller, ApiError> {
    let remote = http.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |address| address.ip());
    let Some(value) = http.headers().get(header::AUTHORIZATION) else {
        return Ok(Caller { token: None, remote });
    };
    let token = value.to_str().ok().and_then(|text| text.split_once(' ')).and_then(|(scheme, token)| {
        let token = token.trim();
        (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
    });
    match token {
        Some(token) => Ok(Caller { token: Some(Secret::new(token)), remote }),
        None => Err(ApiError::new(ErrorKind::Unauthenticated, "Authorization is not `Bearer <token>`")),
    }
}

/// The fields in the path, as actix decoded them; ids have no character that would need more.
fn path_fields(http: &HttpRequest) -> BTreeMap<String, String> {
    http.match_info().iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn from_query(route: &Route, query: &str, path: &BTreeMap<String, String>) -> Result<Request, ApiError> {
    let path =
        serde_urlencoded::to_string(path).map_err(|error| ApiError::bad_request(format!("path: {error}")))?;
    let joined = format!("{query}&{path}");
    let pairs = form_urlencoded::parse(joined.as_bytes());
    Request::read(route.operation, serde_urlencoded::Deserializer::new(pairs))
}

fn from_body(route: &Route, body: &[u8], path: BTreeMap<String, String>) -> Result<Request, ApiError> {
    let mut fields: Map<String, Value> = if body.is_empty() {
        Map::new()
    } else {
        serde_json::from_slice(body)
            .map_err(|error| ApiError::bad_request(format!("the body is not a JSON object: {error}")))?
    };
    for (name, value) in path {
        if fields.contains_key(&name) {
            return Err(ApiError::bad_request(format!("field `{name}` is in the path already")));
        }
        let value = match value.parse::<u64>() {
            Ok(number) if NUMBERS_IN_PATHS.contains(&name.as_str()) => number.into(),
            _ => Value::String(value),
        };
        fields.insert(name, value);
    }
    Request::read(route.operation, Value::Object(fields))
}

async fn read_body(http: &HttpRequest, body: web::Payload, state: &HttpState) -> Result<Bytes, Refusal> {
    let config = state.config.get();
    let limit = config.limits.frame_bytes_max;
    let too_large = || {
        let message = format!("the body is longer than {limit} bytes (limits.frame_bytes_max)");
        Refusal::from(ApiError::new(ErrorKind::TooLarge, message))
    };
    let declared = http.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    if declared.and_then(|text| text.parse::<usize>().ok()).is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let deadline = Duration::from_millis(config.http.request_ms);
    let bytes = match tokio::time::timeout(deadline, body.to_bytes_limited(limit)).await {
        Err(_) => return Err(Refusal(ApiError::bad_request("the body did not come in time"), Some(408))),
        Ok(Err(_)) => return Err(too_large()),
        Ok(Ok(Err(error))) => return Err(ApiError::bad_request(format!("the body: {error}")).into()),
        Ok(Ok(Ok(bytes))) => bytes,
    };
    if !bytes.is_empty() && !is_json(http) {
        let error = ApiError::bad_request("a body is JSON: set `Content-Type: application/json`");
        return Err(Refusal(error, Some(415)));
    }
    Ok(bytes)
}

fn is_json(http: &HttpRequest) -> bool {
    let value = http.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = value.and_then(|value| value.split(';').next()).unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

fn success(route: &Route, answer: &Response) -> HttpResponse {
    let status = match answer {
        // Nothing was created by this request: the first one did.
        Response::Send(sent) | Response::Forward(sent) if sent.dup => 200,
        _ => route.status,
    };
    match serde_json::to_vec(answer) {
        Ok(body) => HttpResponse::build(StatusCode::from_u16(status).unwrap_or_default())
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .content_type("application/json")
            .body(body),
        Err(error) => {
            tracing::error!(operation = route.operation.name(), %error, "an answer could not be written");
            problem::answer(ApiError::new(ErrorKind::Internal, "the answer could not be written"))
        }
    }
}
