//! What the widget must know to open a wallet of the device.

use proof_port::{GooglePayOffer, WalletOffers};
use serde::Serialize;

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct WalletsView {
    pub apple_pay: Option<ApplePayView>,
    pub google_pay: Option<GooglePayView>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ApplePayView {
    pub country: &'static str,
    pub networks: Vec<&'static str>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct GooglePayView {
    pub environment: &'static str,
    pub gateway: &'static str,
    pub gateway_merchant_id: String,
    pub networks: Vec<&'static str>,
}

impl From<WalletOffers> for WalletsView {
    fn from(offers: WalletOffers) -> Self {
        Self {
            apple_pay: offers.apple_pay.map(|offer| ApplePayView {
                country: offer.country,
                networks: offer.networks,
            }),
            google_pay: offers.google_pay.map(GooglePayView::from),
        }
    }
}

impl From<GooglePayOffer> for GooglePayView {
    fn from(offer: GooglePayOffer) -> Self {
        Self {
            environment: offer.environment,
            gateway: offer.gateway,
            gateway_merchant_id: offer.gateway_merchant_id,
            networks: offer.networks,
        }
    }
}
