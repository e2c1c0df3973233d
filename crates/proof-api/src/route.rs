//! The one table of routes: the router is made of it, and so are the machine contract and the
//! authorization tests, so that none of them can forget a route.

use crate::{Api, call, console};
use axum::{
    Router,
    extract::{Request, State},
    handler::Handler,
    http::Method,
    middleware,
    response::Response,
    routing::{MethodFilter, MethodRouter, on},
};
use futures::future::BoxFuture;
use proof_core::member::Act;
use std::{collections::BTreeMap, sync::Arc};

/// Who may call a route.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Caller {
    /// No credentials: files, documents, health.
    Anyone,
    /// A partner's backend, by its client token.
    Partner,
    /// A provider, by the mark that it puts on its callbacks.
    Provider,
    /// The console's page, by nothing yet: about to sign in.
    Console,
    /// A person at the console, by their session; and what they want to do.
    Member(Option<Act>),
    /// The widget's page: by nothing yet (it is about to prove itself), or by its visit.
    Widget,
}

/// One method of one path.
pub struct Route {
    pub method: Method,
    pub path: &'static str,
    pub caller: Caller,
    /// It begins or changes what money follows; refused while the server is in recovery.
    pub moves: bool,
    handler: MethodRouter<Api>,
}

fn filter(method: &Method) -> MethodFilter {
    match *method {
        Method::POST => MethodFilter::POST,
        Method::PUT => MethodFilter::PUT,
        _ => MethodFilter::GET,
    }
}

/// A handler, whose future axum has put in a box.
pub trait Endpoint<T>: Handler<T, Api, Future = BoxFuture<'static, Response>> {}

impl<H: Handler<T, Api, Future = BoxFuture<'static, Response>>, T> Endpoint<T> for H {}

type Called = dyn Fn(Request, Api) -> BoxFuture<'static, Response> + Send + Sync;

/// To axum, two hundred handlers are one: what it wraps around each, and asks of its future each time, was three
/// quarters of what it took to compile this crate.
fn erased(method: &Method, called: Arc<Called>) -> MethodRouter<Api> {
    let handler = move |State(api): State<Api>, request: Request| called(request, api);
    on(filter(method), handler)
}

impl Route {
    pub fn new<H, T>(caller: Caller, method: Method, path: &'static str, handler: H) -> Self
    where
        H: Endpoint<T>,
        T: 'static,
    {
        let called = move |request, api| handler.clone().call(request, api);
        Self {
            handler: erased(&method, Arc::new(called)),
            moves: moves(caller, &method, path),
            method,
            path,
            caller,
        }
    }
}

/// Everything but reading, and what only concerns how somebody reads: the page that shows an order or its receipt,
/// and the partner's own endpoint. A provider is always heard.
fn moves(caller: Caller, method: &Method, path: &str) -> bool {
    let changes = *method != Method::GET
        && match caller {
            // What is said of a checklist moves nothing.
            Caller::Partner if path.starts_with("/widget/checklist") => false,
            Caller::Partner | Caller::Widget => true,
            // People look at a restored server; what needs a fresh sign-in moves something.
            Caller::Member(act) => act.is_some_and(Act::needs_fresh),
            Caller::Anyone | Caller::Provider | Caller::Console => false,
        };
    let told = ["/widget/webhook", "/embed/"]
        .iter()
        .any(|start| path.starts_with(start));
    let reads = ["/frame/api/visits", "/frame/api/receipts"].contains(&path);
    changes && !reads && !told
}

/// The routes as a router; what partners call goes through their checks first.
pub fn router(routes: Vec<Route>, api: &Api) -> Router<Api> {
    let mut paths: BTreeMap<&'static str, MethodRouter<Api>> = BTreeMap::new();
    for route in routes {
        // On the handler of this method: a wrong method is refused before the token is looked at.
        let mut checked = route.handler;
        if route.moves {
            let may_change = middleware::from_fn_with_state(api.clone(), call::may_change);
            checked = checked.route_layer(may_change);
        }
        checked = match route.caller {
            Caller::Anyone | Caller::Provider => checked,
            Caller::Partner => {
                checked.route_layer(middleware::from_fn_with_state(api.clone(), call::partner))
            }
            Caller::Console => checked.route_layer(middleware::from_fn_with_state(
                api.clone(),
                console::stranger,
            )),
            Caller::Member(act) => checked.route_layer(middleware::from_fn_with_state(
                (api.clone(), act),
                console::member,
            )),
            Caller::Widget => {
                checked.route_layer(middleware::from_fn_with_state(api.clone(), call::visitor))
            }
        };
        let merged = match paths.remove(route.path) {
            Some(others) => others.merge(checked),
            None => checked,
        };
        paths.insert(route.path, merged);
    }
    paths
        .into_iter()
        .fold(Router::new(), |router, (path, methods)| {
            router.route(path, methods)
        })
}
