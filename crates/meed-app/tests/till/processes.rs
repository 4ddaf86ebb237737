//! What is taken back while others know it: in another process of the same database, and where the caller goes away.

use std::time::Duration;

use meed_app::Scope;
use meed_app::access::{keys, tokens};

use crate::shop::{Shop, code};

on_every_engine!(a_key_is_forgotten_where_its_revocation_is_not_waited_for);

async fn a_key_is_forgotten_where_its_revocation_is_not_waited_for(shop: &Shop) {
    let key = keys::create(&shop.app, &shop.ctx, "till", &[Scope::Read]).await.expect("a key");
    keys::authenticate_reader(&shop.app, &key.secret).await.expect("a good key");
    // The caller goes away as soon as the work has begun.
    let revocation = keys::revoke(&shop.app, &shop.ctx, key.info.id);
    assert!(tokio::time::timeout(Duration::ZERO, revocation).await.is_err(), "it takes longer");
    for _ in 0..1_000 {
        let is_listed = keys::list(&shop.app, &shop.ctx).await.expect("keys").iter().any(|listed| listed.id == key.info.id);
        if !is_listed && keys::authenticate_reader(&shop.app, &key.secret).await.is_err() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the key opens for ever");
}

/// What the other process has just found valid is refused by it as soon as this one has answered that it is taken back.
#[tokio::test(flavor = "multi_thread")]
async fn pos_005_what_one_process_takes_back_no_other_takes() {
    let shop = Shop::postgres().await;
    let other = shop.beside().await;
    for _ in 0..5 {
        let key = keys::create(&shop.app, &shop.ctx, "till", &[Scope::Sales, Scope::Read]).await.expect("a key");
        let context = tokens::of_key(&other, &key.secret).await.expect("the key opens");
        let token = || tokens::for_key(&other, &context, None).expect("a token");
        let (released, revoked) = (token(), token());
        tokens::check(&other, &released).await.expect("a good token");
        tokens::release(&shop.app, &released).await.expect("released");
        assert_eq!(code(&tokens::check(&other, &released).await.expect_err("it was given back")), "invalid_token");

        tokens::check(&other, &revoked).await.expect("a good token");
        keys::authenticate_reader(&other, &key.secret).await.expect("a good key");
        keys::revoke(&shop.app, &shop.ctx, key.info.id).await.expect("revoked");
        assert_eq!(code(&tokens::check(&other, &revoked).await.expect_err("its key is gone")), "invalid_token");
        assert_eq!(code(&keys::authenticate_reader(&other, &key.secret).await.expect_err("it is gone")), "key_invalid");
    }
    tokio::task::spawn_blocking(move || other.store().close()).await.expect("the other process ends");
    shop.close().await;
}
