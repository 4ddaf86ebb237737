//! Two processes that serve one database.

use meed_app::Scope;
use meed_app::access::{keys, tokens};

use crate::shop::{Shop, code};

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
