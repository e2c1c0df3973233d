//! Signing in and out, and who the others are.

use super::{At, cookie, json, session};
use crate::{
    Api,
    call::client_ip,
    error::Refused,
    path::Named,
    query::Query,
    route::{Caller, Route},
};
use axum::{
    Extension, Json,
    extract::{RawQuery, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
};
use proof_core::{ErrorCode, member::Act, secret::Secret};
use proof_engine::{
    ApiError, InvitationNew, InvitationView, Limited, Me, MemberView, Page, Seat, SignIn, SignedIn,
};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

pub fn routes() -> Vec<Route> {
    let (get, post) = (Method::GET, Method::POST);
    let (nobody, anybody) = (Caller::Console, Caller::Member(None));
    vec![
        Route::new(nobody, post.clone(), "/console/api/sign-in", sign_in),
        Route::new(anybody, post.clone(), "/console/api/sign-in/again", again),
        Route::new(anybody, post.clone(), "/console/api/sign-out", sign_out),
        Route::new(anybody, get.clone(), "/console/api/me", me),
        Route::new(nobody, get, "/console/api/invitations/{token}", invitation),
        Route::new(nobody, post, "/console/api/invitations/{token}", take),
        super::get(Act::MemberRead, "/console/api/members", list),
        super::post(Act::MemberWrite, "/console/api/members/invitations", invite),
        super::post(
            Act::MemberWrite,
            "/console/api/members/{id}/disable",
            disable,
        ),
        super::post(
            Act::MemberWrite,
            "/console/api/members/{id}/invite-again",
            invite_again,
        ),
    ]
}

pub type WithCookie = ([(HeaderName, HeaderValue); 1], Json<Me>);

pub fn signed_in(api: &Api, signed: SignedIn) -> Result<WithCookie, Refused> {
    let cookie = cookie(api, signed.token.expose_secret())?;
    Ok(([(header::SET_COOKIE, cookie)], Json(signed.me)))
}

async fn sign_in(State(api): State<Api>, request: Request) -> Result<WithCookie, Refused> {
    let ip = client_ip(&api, &request);
    api.engine.limit(Limited::SignIn(ip))?;
    let ask: SignIn = json(&api, request).await?;
    let signed = api.engine.sign_in(ask, ip.to_string()).await?;
    signed_in(&api, signed)
}

#[derive(Deserialize)]
struct Again {
    password: Secret,
    code: String,
}

async fn again(
    State(api): State<Api>,
    Extension(seat): At,
    request: Request,
) -> Result<Json<Me>, Refused> {
    api.engine
        .limit(Limited::SignIn(client_ip(&api, &request)))?;
    let ask: Again = json(&api, request).await?;
    let me = api.engine.sign_in_again(&seat, ask.password, ask.code);
    Ok(Json(me.await?))
}

async fn sign_out(
    State(api): State<Api>,
    Extension(seat): At,
) -> Result<(StatusCode, [(HeaderName, HeaderValue); 1]), Refused> {
    api.engine.sign_out(&seat).await?;
    let gone = cookie(&api, "")?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, gone)]))
}

async fn me(Extension(seat): At) -> Json<Me> {
    Json(seat.me())
}

async fn invitation(
    State(api): State<Api>,
    Named(token): Named,
) -> Result<Json<InvitationView>, Refused> {
    Ok(Json(api.engine.invitation(&token).await?))
}

/// Whoever is signed in would take an invitation for somebody else.
pub async fn is_nobody(api: &Api, headers: &HeaderMap, ip: IpAddr) -> Result<(), ApiError> {
    let known = session(headers).map(str::to_owned);
    let seat = api.engine.seat(known.as_deref(), ip.to_string()).await;
    if seat.is_err() {
        return Ok(());
    }
    let message = "You are signed in as somebody else; sign out first.";
    Err(ApiError::new(ErrorCode::WrongState, message))
}

async fn take(
    State(api): State<Api>,
    Named(token): Named,
    request: Request,
) -> Result<WithCookie, Refused> {
    let ip = client_ip(&api, &request);
    api.engine.limit(Limited::SignIn(ip))?;
    is_nobody(&api, request.headers(), ip).await?;
    let ask: SignIn = json(&api, request).await?;
    let signed = api
        .engine
        .invitation_take(&token, ask, ip.to_string())
        .await?;
    signed_in(&api, signed)
}

async fn list(
    State(api): State<Api>,
    Extension(seat): At,
    query: RawQuery,
) -> Result<Json<Page<MemberView>>, Refused> {
    let query = Query::read(&query);
    let text = query.text("query")?.map(|text| text.trim().to_owned());
    let after = query.text("after")?.unwrap_or_default().to_owned();
    let page = api
        .engine
        .member_list(seat.scope(), (text, after), query.limit()?);
    Ok(Json(page.await?))
}

#[derive(Serialize)]
pub struct Invited {
    url: String,
}

async fn invite(
    State(api): State<Api>,
    Extension(seat): At,
    request: Request,
) -> Result<(StatusCode, Json<Invited>), Refused> {
    let mut ask: InvitationNew = json(&api, request).await?;
    allowed(&seat, &ask)?;
    if let Some(own) = seat.scope() {
        ask.partner = Some(own);
    }
    let token = api.engine.member_invite(seat.author(), ask).await?;
    Ok(invited(&api, &token))
}

fn invited(api: &Api, token: &Secret) -> (StatusCode, Json<Invited>) {
    let url = format!("{}/console/invitations/{}", api.home, token.expose_secret());
    (StatusCode::CREATED, Json(Invited { url }))
}

async fn invite_again(
    State(api): State<Api>,
    Extension(seat): At,
    Named(id): Named,
) -> Result<(StatusCode, Json<Invited>), Refused> {
    let id = id.parse().map_err(|_| ApiError::nobody("person"))?;
    let token = api.engine.member_invite_again(&seat, id).await?;
    Ok(invited(&api, &token))
}

fn allowed(seat: &Seat, ask: &InvitationNew) -> Result<(), Refused> {
    // What no role is, the use case says.
    let role: Option<proof_core::member::Role> = ask.role.parse().ok();
    if role.is_some_and(|role| !seat.role().may_invite(role)) {
        let message = "You can invite people of your own partner.";
        return Err(Refused(ApiError::new(ErrorCode::NotAllowed, message)));
    }
    match (seat.scope(), ask.partner) {
        (Some(own), Some(other)) if own != other => Err(Refused(ApiError::nobody("partner"))),
        _ => Ok(()),
    }
}

async fn disable(
    State(api): State<Api>,
    Extension(seat): At,
    Named(id): Named,
) -> Result<StatusCode, Refused> {
    let id = id.parse().map_err(|_| ApiError::nobody("person"))?;
    api.engine.member_disable(&seat, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
