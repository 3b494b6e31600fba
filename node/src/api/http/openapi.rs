//! The OpenAPI 3.1 document, made from the tables of operations and routes.

use std::collections::BTreeMap;

use actix_web::http::Method;
use utoipa::openapi::path::{HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn, PathsBuilder};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{AdditionalProperties, Object};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, Content, InfoBuilder, ObjectBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, Required,
    ResponseBuilder, Schema,
};
use utoipa::{PartialSchema, ToSchema};

use super::route::{ROUTES, Route};
use crate::api::error::Problem;
use crate::api::operation::Access;

/// The name of the bearer token in the document.
const TOKEN: &str = "token";

/// The document.
pub fn document() -> OpenApi {
    let mut schemas = vec![(Problem::name().into_owned(), Problem::schema())];
    let mut paths = PathsBuilder::new();
    for route in ROUTES {
        route.operation.collect_schemas(&mut schemas);
        schemas.push(route.operation.response_schema());
        let item = utoipa::openapi::PathItem::new(method(&route.method), operation(route));
        paths = paths.path(route.path, item);
    }
    let unique: BTreeMap<String, RefOr<Schema>> = schemas.into_iter().collect();
    let token = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    let components = unique
        .into_iter()
        .fold(ComponentsBuilder::new(), |components, (name, schema)| components.schema(name, schema))
        .security_scheme(TOKEN, token)
        .build();
    let info = InfoBuilder::new()
        .title("madang")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "The client API over HTTP. The same operations exist over WebSocket at `/v1/ws` \
             (`madang.v1+json`). Log in, put the token into *Authorize*, and try it out.",
        ))
        .build();
    OpenApiBuilder::new().info(info).paths(paths.build()).components(Some(components)).build()
}

fn method(method: &Method) -> HttpMethod {
    match *method {
        Method::POST => HttpMethod::Post,
        Method::PATCH => HttpMethod::Patch,
        Method::DELETE => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}

fn operation(route: &Route) -> utoipa::openapi::path::Operation {
    let operation = route.operation;
    let (answer, _) = operation.response_schema();
    let success = ResponseBuilder::new()
        .description("done")
        .content("application/json", Content::new(Some(Ref::from_schema_name(answer))))
        .build();
    let failure = ResponseBuilder::new()
        .description("an error of the table in the protocol")
        .content("application/problem+json", Content::new(Some(Ref::from_schema_name(Problem::name()))))
        .build();
    let mut builder = OperationBuilder::new()
        .operation_id(Some(operation.name()))
        .summary(Some(operation.doc().trim()))
        .tag(tag(route.path))
        .response(route.status.to_string(), success)
        .response("default", failure);
    if operation.access() == Access::Session {
        builder = builder.security(SecurityRequirement::new(TOKEN, Vec::<String>::new()));
    }
    let RefOr::T(Schema::Object(fields)) = operation.request_schema() else { return builder.build() };
    add_fields(builder, route, fields).build()
}

/// Spreads the fields of the request over path, query and body.
fn add_fields(mut builder: OperationBuilder, route: &Route, fields: Object) -> OperationBuilder {
    let by_query = matches!(route.method, Method::GET | Method::DELETE);
    let mut body = ObjectBuilder::new().additional_properties(Some(AdditionalProperties::FreeForm(false)));
    let mut in_body = 0_usize;
    for (name, schema) in fields.properties {
        let required = fields.required.contains(&name);
        let in_path = route.path.contains(&format!("{{{name}}}"));
        if in_path || by_query {
            let place = if in_path { ParameterIn::Path } else { ParameterIn::Query };
            let parameter = ParameterBuilder::new()
                .name(name)
                .parameter_in(place)
                .required(if in_path || required { Required::True } else { Required::False })
                .schema(Some(schema));
            builder = builder.parameter(parameter);
        } else {
            in_body += 1;
            body = body.property(name.clone(), schema);
            if required {
                body = body.required(name);
            }
        }
    }
    if in_body == 0 {
        return builder;
    }
    let content = Content::new(Some(Schema::Object(body.build())));
    let body =
        RequestBodyBuilder::new().content("application/json", content).required(Some(Required::True)).build();
    builder.request_body(Some(body))
}

/// The chapter of the protocol's page.
fn tag(path: &str) -> &'static str {
    let about_messages = ["/messages", "/forwards", "/pins", "/mentions", "/read"];
    if about_messages.iter().any(|part| path.contains(part)) {
        "Messages"
    } else if path.contains("rooms") {
        "Rooms"
    } else {
        "Accounts"
    }
}
