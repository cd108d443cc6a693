//! Encrypted lines of drivers that are not HTTP: how far the other side's certificate is checked, and what is said when it fails.

use std::net::IpAddr;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use schemars::JsonSchema;
use sdk::{Code, NodeError};
use serde::{Deserialize, Serialize};

/// Whether a line is encrypted and how far the certificate of the server is checked, in the words of PostgreSQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SslMode {
    /// Never encrypted.
    Disable,
    /// Encrypted when the server can; the certificate is not checked.
    Prefer,
    /// Always encrypted; the certificate is checked only when an authority is given.
    Require,
    /// Encrypted, and the certificate comes from an authority that is trusted.
    VerifyCa,
    /// Encrypted, and the certificate comes from an authority that is trusted and names this host.
    VerifyFull,
}

impl SslMode {
    /// The word in settings and addresses.
    pub(crate) fn name(self) -> &'static str {
        match self {
            SslMode::Disable => "disable",
            SslMode::Prefer => "prefer",
            SslMode::Require => "require",
            SslMode::VerifyCa => "verify-ca",
            SslMode::VerifyFull => "verify-full",
        }
    }

    /// The mode of a word.
    pub(crate) fn of(word: &str) -> Option<SslMode> {
        use SslMode::{Disable, Prefer, Require, VerifyCa, VerifyFull};
        [Disable, Prefer, Require, VerifyCa, VerifyFull].into_iter().find(|it| it.name() == word)
    }

    /// The mode for a server when none is set: everything is checked on the way to a server outside, while one on this machine or in
    /// its own network is often without a certificate.
    pub(crate) fn usual(address: IpAddr) -> SslMode {
        if is_near(address) { SslMode::Prefer } else { SslMode::VerifyFull }
    }
}

/// Whether an address is of this machine or of its own network.
fn is_near(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(it) => it.is_loopback() || it.is_private() || it.is_link_local(),
        IpAddr::V6(it) => it.is_loopback() || it.is_unique_local() || it.is_unicast_link_local(),
    }
}

/// What a client of such a line needs.
///
/// # Errors
/// The authority is no certificate, or this machine trusts none and none is given.
pub(crate) fn client(mode: SslMode, authority: Option<&str>) -> Result<Arc<ClientConfig>, NodeError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let authority = authority.filter(|it| !it.trim().is_empty());
    let trusted = || {
        match authority {
        // A given authority is the only one: a certificate of another one is not what was meant.
        Some(pem) => {
            let mut roots = RootCertStore::empty();
            for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
                let added = certificate.ok().and_then(|it| roots.add(it).ok());
                added.ok_or_else(no_authority)?;
            }
            let built = WebPkiServerVerifier::builder_with_provider(roots.into(), provider.clone()).build();
            built.map(|it| it as Arc<dyn ServerCertVerifier>).map_err(|_| no_authority())
        }
        None => rustls_platform_verifier::Verifier::new(provider.clone())
            .map(|it| Arc::new(it) as Arc<dyn ServerCertVerifier>)
            .map_err(|e| {
                let sentence = "This machine trusts no authority. Give the certificate of the server's authority in ca_pem.";
                NodeError::new(Code::Config, sentence).because(e)
            }),
    }
    };
    let verifier: Arc<dyn ServerCertVerifier> = match (mode, authority) {
        (SslMode::VerifyFull, _) => trusted()?,
        (SslMode::VerifyCa, _) | (SslMode::Require, Some(_)) => {
            Arc::new(Lenient { provider: provider.clone(), chain: Some(trusted()?) })
        }
        (SslMode::Require | SslMode::Prefer | SslMode::Disable, _) => {
            Arc::new(Lenient { provider: provider.clone(), chain: None })
        }
    };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| NodeError::new(Code::Internal, "No version of TLS can be used.").because(e))?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

fn no_authority() -> NodeError {
    NodeError::new(Code::Config, "The connection's ca_pem is not a certificate in PEM form.")
}

/// The name that a certificate must be for.
///
/// # Errors
/// The host is neither a name nor an address.
pub(crate) fn server_name(host: &str) -> Result<ServerName<'static>, NodeError> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    ServerName::try_from(bare.to_owned())
        .map_err(|_| NodeError::new(Code::Config, format!("{host} is no name of a host.")))
}

/// The sentence for a handshake that failed, when TLS is what failed.
pub(crate) fn refused(at: &str, error: &(dyn std::error::Error + 'static)) -> Option<NodeError> {
    let mut inner = Some(error);
    let found = loop {
        let one = inner?;
        if let Some(found) = one.downcast_ref::<Error>() {
            break found;
        }
        // An I/O error hides what it wraps from the chain.
        let wrapped = one.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if let Some(found) = wrapped.and_then(|it| it.downcast_ref::<Error>()) {
            break found;
        }
        inner = one.source();
    };
    let why = match found {
        // An authority that only bears the name of one that is trusted shows as a wrong signature.
        Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature) => {
            "comes from an authority that is not trusted here. Give that authority's certificate in ca_pem"
        }
        Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => "is for another host. Use the name that stands in it",
        Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
            "has expired. Whoever runs the server must renew it"
        }
        Error::InvalidCertificate(_) => "cannot be trusted",
        _ => {
            let sentence = format!(
                "No encrypted line to {at} could be made. Does a server answer there that speaks TLS?"
            );
            return Some(NodeError::new(Code::Unavailable, sentence).because(found));
        }
    };
    Some(NodeError::new(Code::Unavailable, format!("The certificate of {at} {why}.")).because(found))
}

/// Checks less than everything: that the handshake is by the owner of the certificate, and the chain where one is asked for.
#[derive(Debug)]
struct Lenient {
    provider: Arc<CryptoProvider>,
    chain: Option<Arc<dyn ServerCertVerifier>>,
}

impl ServerCertVerifier for Lenient {
    fn verify_server_cert(
        &self,
        end: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(chain) = &self.chain else { return Ok(ServerCertVerified::assertion()) };
        match chain.verify_server_cert(end, between, name, ocsp, now) {
            // The name is looked at last: a certificate that fails only there has a good chain.
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_outside_is_checked_in_full_and_one_nearby_need_not_have_a_certificate() {
        let usual = |text: &str| SslMode::usual(text.parse().unwrap());
        for near in ["127.0.0.1", "192.168.1.5", "10.0.0.9", "::1", "fd00::5", "::ffff:127.0.0.1"] {
            assert_eq!(usual(near), SslMode::Prefer, "{near}");
        }
        for outside in ["8.8.8.8", "2a00:1450::1", "172.32.0.1"] {
            assert_eq!(usual(outside), SslMode::VerifyFull, "{outside}");
        }
    }

    #[test]
    fn an_authority_that_is_no_certificate_is_told() {
        for text in ["no pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            let error = client(SslMode::VerifyFull, Some(text)).unwrap_err();
            assert_eq!(error.code, Code::Config, "{error}");
            assert!(error.sentence.contains("ca_pem"), "{error}");
        }
    }
}
