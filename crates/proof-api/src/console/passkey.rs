//! Passkeys: signing in with one, and one's own ways to sign in. They are everybody's own business, so
//! that no role stands before them; what changes them wants a fresh sign-in.

use super::{
    At, fresh, json,
    member::{WithCookie, is_nobody, signed_in},
};
use crate::{
    Api,
    call::client_ip,
    error::Refused,
    path::Named,
    route::{Caller, Route},
};
use axum::{
    Extension, Json,
    extract::{Request, State},
    http::{Method, StatusCode},
};
use proof_engine::{
    ApiError, AppSecret, Ceremony, Limited, Me, PasskeyMade, PasskeyShown, PasskeyView,
    PasswordNew, WaysView,
};
use serde::Deserialize;

pub fn routes() -> Vec<Route> {
    let (get, post) = (Method::GET, || Method::POST);
    let (nobody, anybody) = (Caller::Console, Caller::Member(None));
    vec![
        Route::new(
            nobody,
            post(),
            "/console/api/sign-in/passkey/challenge",
            sign_in_begin,
        ),
        Route::new(nobody, post(), "/console/api/sign-in/passkey", sign_in),
        Route::new(
            anybody,
            post(),
            "/console/api/sign-in/again/passkey/challenge",
            again_begin,
        ),
        Route::new(anybody, post(), "/console/api/sign-in/again/passkey", again),
        Route::new(
            nobody,
            post(),
            "/console/api/invitations/{token}/passkey/challenge",
            join_begin,
        ),
        Route::new(
            nobody,
            post(),
            "/console/api/invitations/{token}/passkey",
            join,
        ),
        Route::new(anybody, get, "/console/api/me/ways", ways),
        Route::new(
            anybody,
            post(),
            "/console/api/me/passkeys/challenge",
            add_begin,
        ),
        Route::new(anybody, post(), "/console/api/me/passkeys", add),
        Route::new(
            anybody,
            post(),
            "/console/api/me/passkeys/{id}/remove",
            remove,
        ),
        Route::new(
            anybody,
            post(),
            "/console/api/me/password/challenge",
            password_begin,
        ),
        Route::new(anybody, post(), "/console/api/me/password", password_set),
        Route::new(
            anybody,
            post(),
            "/console/api/me/password/remove",
            password_remove,
        ),
    ]
}

/// Each of a stranger's ceremonies is a row.
async fn sign_in_begin(
    State(api): State<Api>,
    request: Request,
) -> Result<Json<Ceremony>, Refused> {
    api.engine
        .limit(Limited::SignIn(client_ip(&api, &request)))?;
    Ok(Json(api.engine.passkey_sign_in_begin(&api.home).await?))
}

async fn sign_in(State(api): State<Api>, request: Request) -> Result<WithCookie, Refused> {
    let ip = client_ip(&api, &request);
    api.engine.limit(Limited::SignIn(ip))?;
    let shown: PasskeyShown = json(&api, request).await?;
    let signed = api.engine.passkey_sign_in(&api.home, shown, ip.to_string());
    signed_in(&api, signed.await?)
}

async fn again_begin(
    State(api): State<Api>,
    Extension(seat): At,
) -> Result<Json<Ceremony>, Refused> {
    let begun = api.engine.passkey_again_begin(&api.home, &seat).await?;
    Ok(Json(begun))
}

async fn again(
    State(api): State<Api>,
    Extension(seat): At,
    request: Request,
) -> Result<Json<Me>, Refused> {
    let shown: PasskeyShown = json(&api, request).await?;
    let me = api.engine.passkey_again(&api.home, &seat, shown).await?;
    Ok(Json(me))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Joining {
    name: String,
}

async fn join_begin(
    State(api): State<Api>,
    Named(token): Named,
    request: Request,
) -> Result<Json<Ceremony>, Refused> {
    let ip = client_ip(&api, &request);
    api.engine.limit(Limited::SignIn(ip))?;
    is_nobody(&api, request.headers(), ip).await?;
    let Joining { name } = json(&api, request).await?;
    let begun = api.engine.passkey_join_begin(&api.home, &token, &name);
    Ok(Json(begun.await?))
}

async fn join(
    State(api): State<Api>,
    Named(token): Named,
    request: Request,
) -> Result<WithCookie, Refused> {
    let ip = client_ip(&api, &request);
    api.engine.limit(Limited::SignIn(ip))?;
    is_nobody(&api, request.headers(), ip).await?;
    let made: PasskeyMade = json(&api, request).await?;
    let signed = api
        .engine
        .passkey_join(&api.home, &token, made, ip.to_string());
    signed_in(&api, signed.await?)
}

async fn ways(State(api): State<Api>, Extension(seat): At) -> Result<Json<WaysView>, Refused> {
    Ok(Json(api.engine.ways(&seat).await?))
}

async fn add_begin(State(api): State<Api>, Extension(seat): At) -> Result<Json<Ceremony>, Refused> {
    fresh(&api, &seat)?;
    let begun = api.engine.passkey_add_begin(&api.home, &seat).await?;
    Ok(Json(begun))
}

async fn add(
    State(api): State<Api>,
    Extension(seat): At,
    request: Request,
) -> Result<(StatusCode, Json<PasskeyView>), Refused> {
    fresh(&api, &seat)?;
    let made: PasskeyMade = json(&api, request).await?;
    let added = api.engine.passkey_add(&api.home, &seat, made).await?;
    Ok((StatusCode::CREATED, Json(added)))
}

async fn remove(
    State(api): State<Api>,
    Extension(seat): At,
    Named(id): Named,
) -> Result<StatusCode, Refused> {
    fresh(&api, &seat)?;
    let id = id.parse().map_err(|_| ApiError::nobody("passkey"))?;
    api.engine.passkey_remove(&seat, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn password_begin(
    State(api): State<Api>,
    Extension(seat): At,
) -> Result<Json<AppSecret>, Refused> {
    fresh(&api, &seat)?;
    Ok(Json(api.engine.password_begin(&seat).await?))
}

async fn password_set(
    State(api): State<Api>,
    Extension(seat): At,
    request: Request,
) -> Result<StatusCode, Refused> {
    // A password is hashed here, too.
    api.engine
        .limit(Limited::SignIn(client_ip(&api, &request)))?;
    fresh(&api, &seat)?;
    let new: PasswordNew = json(&api, request).await?;
    api.engine.password_set(&seat, new).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn password_remove(
    State(api): State<Api>,
    Extension(seat): At,
) -> Result<StatusCode, Refused> {
    fresh(&api, &seat)?;
    api.engine.password_remove(&seat).await?;
    Ok(StatusCode::NO_CONTENT)
}
