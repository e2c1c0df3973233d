//! An amount that is taken says the same number again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use proof_core::{Asset, Network, money::Amount};

fuzz_target!(|text: &str| {
    let Some(asset) = Asset::find("USDT", Network::Trc20) else { return };
    if let Ok(amount) = Amount::parse(asset, text) {
        let again = Amount::parse(asset, &amount.to_decimal());
        assert_eq!(again.ok(), Some(amount));
    }
});
