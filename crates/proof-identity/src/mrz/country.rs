//! Who issues documents: ISO 3166-1, and the codes that ICAO 9303 part 3 section 5 adds.

use serde::{Deserialize, Serialize};

/// alpha-3 and alpha-2, from the table of ISO 3166-1.
const STATES: &str = "\
ABWAW AFGAF AGOAO AIAAI ALAAX ALBAL ANDAD AREAE ARGAR ARMAM ASMAS ATAAQ ATFTF ATGAG AUSAU AUTAT \
AZEAZ BDIBI BELBE BENBJ BESBQ BFABF BGDBD BGRBG BHRBH BHSBS BIHBA BLMBL BLRBY BLZBZ BMUBM BOLBO \
BRABR BRBBB BRNBN BTNBT BVTBV BWABW CAFCF CANCA CCKCC CHECH CHLCL CHNCN CIVCI CMRCM CODCD COGCG \
COKCK COLCO COMKM CPVCV CRICR CUBCU CUWCW CXRCX CYMKY CYPCY CZECZ DEUDE DJIDJ DMADM DNKDK DOMDO \
DZADZ ECUEC EGYEG ERIER ESHEH ESPES ESTEE ETHET FINFI FJIFJ FLKFK FRAFR FROFO FSMFM GABGA GBRGB \
GEOGE GGYGG GHAGH GIBGI GINGN GLPGP GMBGM GNBGW GNQGQ GRCGR GRDGD GRLGL GTMGT GUFGF GUMGU GUYGY \
HKGHK HMDHM HNDHN HRVHR HTIHT HUNHU IDNID IMNIM INDIN IOTIO IRLIE IRNIR IRQIQ ISLIS ISRIL ITAIT \
JAMJM JEYJE JORJO JPNJP KAZKZ KENKE KGZKG KHMKH KIRKI KNAKN KORKR KWTKW LAOLA LBNLB LBRLR LBYLY \
LCALC LIELI LKALK LSOLS LTULT LUXLU LVALV MACMO MAFMF MARMA MCOMC MDAMD MDGMG MDVMV MEXMX MHLMH \
MKDMK MLIML MLTMT MMRMM MNEME MNGMN MNPMP MOZMZ MRTMR MSRMS MTQMQ MUSMU MWIMW MYSMY MYTYT NAMNA \
NCLNC NERNE NFKNF NGANG NICNI NIUNU NLDNL NORNO NPLNP NRUNR NZLNZ OMNOM PAKPK PANPA PCNPN PERPE \
PHLPH PLWPW PNGPG POLPL PRIPR PRKKP PRTPT PRYPY PSEPS PYFPF QATQA REURE ROURO RUSRU RWARW SAUSA \
SDNSD SENSN SGPSG SGSGS SHNSH SJMSJ SLBSB SLESL SLVSV SMRSM SOMSO SPMPM SRBRS SSDSS STPST SURSR \
SVKSK SVNSI SWESE SWZSZ SXMSX SYCSC SYRSY TCATC TCDTD TGOTG THATH TJKTJ TKLTK TKMTM TLSTL TONTO \
TTOTT TUNTN TURTR TUVTV TWNTW TZATZ UGAUG UKRUA UMIUM URYUY USAUS UZBUZ VATVA VCTVC VENVE VGBVG \
VIRVI VNMVN VUTVU WLFWF WSMWS YEMYE ZAFZA ZMBZM ZWEZW";

/// Codes of ICAO 9303 that are a state all the same: Germany's short form, the kinds of British
/// nationality, and Kosovo, which ISO has not.
const STATES_OF_ICAO: [(&str, &str); 7] = [
    ("D", "DE"),
    ("GBD", "GB"),
    ("GBN", "GB"),
    ("GBO", "GB"),
    ("GBP", "GB"),
    ("GBS", "GB"),
    ("RKS", "XK"),
];

/// Organisations that issue documents, and people without a state.
const NO_STATES: [&str; 22] = [
    "EUE", "IAO", "NTZ", "UNA", "UNK", "UNO", "XAA", "XBA", "XCC", "XCE", "XCO", "XCT", "XDC",
    "XEC", "XIM", "XMP", "XOM", "XPO", "XXA", "XXB", "XXC", "XXX",
];

/// Utopia: the state of specimens.
const SPECIMEN: &str = "UTO";

/// What a code of three letters stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CountryKind {
    State,
    /// An organisation, or nobody's: stateless people and refugees.
    NoState,
    Specimen,
    Unknown,
}

/// A code as it stands in the document, without its fillers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Country(String);

impl Country {
    pub(super) fn read(field: &[u8]) -> Self {
        let text = String::from_utf8_lossy(field);
        Self(text.trim_end_matches('<').to_owned())
    }

    pub(crate) fn of(code: &str) -> Self {
        Self(code.to_owned())
    }

    pub fn code(&self) -> &str {
        &self.0
    }

    pub fn kind(&self) -> CountryKind {
        if self.alpha2().is_some() {
            CountryKind::State
        } else if NO_STATES.contains(&self.0.as_str()) {
            CountryKind::NoState
        } else if self.0 == SPECIMEN {
            CountryKind::Specimen
        } else {
            CountryKind::Unknown
        }
    }

    /// ISO 3166-1 alpha-2 of a state.
    pub fn alpha2(&self) -> Option<&'static str> {
        let of_icao = STATES_OF_ICAO.iter().find(|(code, _)| *code == self.0);
        if let Some((_, alpha2)) = of_icao {
            return Some(alpha2);
        }
        STATES
            .split(' ')
            .filter_map(|pair| pair.split_at_checked(3))
            .find(|(alpha3, _)| *alpha3 == self.0)
            .map(|(_, alpha2)| alpha2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_stand_for_what_icao_says() {
        for (field, kind, alpha2) in [
            ("D<<", CountryKind::State, Some("DE")),
            ("DEU", CountryKind::State, Some("DE")),
            ("FRA", CountryKind::State, Some("FR")),
            ("ABW", CountryKind::State, Some("AW")),
            ("ZWE", CountryKind::State, Some("ZW")),
            ("GBN", CountryKind::State, Some("GB")),
            ("RKS", CountryKind::State, Some("XK")),
            ("UNO", CountryKind::NoState, None),
            ("XXA", CountryKind::NoState, None),
            ("UTO", CountryKind::Specimen, None),
            ("QQQ", CountryKind::Unknown, None),
            ("<<<", CountryKind::Unknown, None),
        ] {
            let country = Country::read(field.as_bytes());
            assert_eq!(
                (country.kind(), country.alpha2()),
                (kind, alpha2),
                "{field}"
            );
        }
    }

    #[test]
    fn the_table_has_each_state_once() {
        let mut codes: Vec<_> = STATES.split(' ').collect();
        assert!(codes.iter().all(|pair| pair.len() == 5));
        let count = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!((count, codes.len()), (249, 249));
    }
}
