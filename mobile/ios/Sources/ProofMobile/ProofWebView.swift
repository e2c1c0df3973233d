import SwiftUI
import WebKit

/// Your page with the widget in it, in a web view that the identity check works in.
public struct ProofWebView: UIViewRepresentable {
    private let page: URL
    private let proof: URL
    private let returnScheme: String
    private let onReturn: (URL) -> Void

    /// - Parameters:
    ///   - page: the page of yours that runs the widget.
    ///   - proof: where `widget.2.0.js` comes from.
    ///   - returnScheme: the scheme of the session's `redirect_url`, and of `CFBundleURLTypes`.
    ///   - onReturn: the person has pressed the button back to the shop. How the order stands, your backend knows.
    public init(page: URL, proof: URL, returnScheme: String, onReturn: @escaping (URL) -> Void) {
        self.page = page
        self.proof = proof
        self.returnScheme = returnScheme.lowercased()
        self.onReturn = onReturn
    }

    public func makeCoordinator() -> ProofWebViewDelegate {
        ProofWebViewDelegate(shop: Origin(page), proof: Origin(proof), returnScheme: returnScheme, onReturn: onReturn)
    }

    public func makeUIView(context: Context) -> WKWebView {
        let configuration = WKWebViewConfiguration()
        // Both must be set before the view is made: a copy is taken. Without them the camera's picture takes the
        // whole screen, or stays black until it is pressed.
        configuration.allowsInlineMediaPlayback = true
        configuration.mediaTypesRequiringUserActionForPlayback = []
        let view = WKWebView(frame: .zero, configuration: configuration)
        view.navigationDelegate = context.coordinator
        view.uiDelegate = context.coordinator
        view.load(URLRequest(url: page))
        return view
    }

    public func updateUIView(_ view: WKWebView, context: Context) {}
}

/// Scheme, host and port: what browsers compare.
struct Origin: Equatable {
    let scheme: String
    let host: String
    let port: Int

    init(_ url: URL) {
        self.init(scheme: url.scheme, host: url.host, port: url.port)
    }

    init(_ origin: WKSecurityOrigin) {
        // WebKit writes 0 for the scheme's own port.
        self.init(scheme: origin.protocol, host: origin.host, port: origin.port == 0 ? nil : origin.port)
    }

    private init(scheme: String?, host: String?, port: Int?) {
        self.scheme = scheme?.lowercased() ?? ""
        self.host = host?.lowercased() ?? ""
        self.port = port ?? (self.scheme == "http" ? 80 : 443)
    }
}

@MainActor
public final class ProofWebViewDelegate: NSObject {
    private let shop: Origin
    private let proof: Origin
    private let returnScheme: String
    private let onReturn: (URL) -> Void
    /// "Open in your wallet app", on the screen with the deposit address of a sell.
    private let wallets: Set<String> = ["bitcoin", "ethereum"]

    init(shop: Origin, proof: Origin, returnScheme: String, onReturn: @escaping (URL) -> Void) {
        self.shop = shop
        self.proof = proof
        self.returnScheme = returnScheme
        self.onReturn = onReturn
    }

    /// Web pages and wallets: `tel:` and other apps' schemes are not for a page to open.
    private func openOutside(_ url: URL) {
        guard let scheme = url.scheme?.lowercased(), wallets.union(["http", "https"]).contains(scheme) else { return }
        UIApplication.shared.open(url)
    }
}

extension ProofWebViewDelegate: WKNavigationDelegate {
    public func webView(
        _ webView: WKWebView,
        decidePolicyFor action: WKNavigationAction,
        decisionHandler: @escaping @MainActor (WKNavigationActionPolicy) -> Void
    ) {
        guard let url = action.request.url else { return decisionHandler(.cancel) }
        // The receipt's "Save" is a download, which would otherwise take the place of the widget. "Copy" works.
        if action.shouldPerformDownload { return decisionHandler(.cancel) }
        // The widget's link to a wallet is in its own frame, where no web view can show it. Only a press opens one.
        if wallets.contains(url.scheme?.lowercased() ?? "") {
            if action.navigationType == .linkActivated { openOutside(url) }
            return decisionHandler(.cancel)
        }
        // A new window (no target frame) is asked for below; frames are the widget, card fields, the bank.
        guard let target = action.targetFrame, target.isMainFrame else { return decisionHandler(.allow) }
        if Origin(url) == shop { return decisionHandler(.allow) }
        decisionHandler(.cancel)
        if url.scheme?.lowercased() == returnScheme {
            onReturn(url)
        } else {
            openOutside(url)
        }
    }

    /// The camera is memory, and iOS ends the page's process when it needs some. The order goes on where it was.
    public func webViewWebContentProcessDidTerminate(_ webView: WKWebView) {
        webView.reload()
    }
}

extension ProofWebViewDelegate: WKUIDelegate {
    /// Links with `target="_blank"`: the explorer, the terms.
    public func webView(
        _ webView: WKWebView,
        createWebViewWith configuration: WKWebViewConfiguration,
        for action: WKNavigationAction,
        windowFeatures: WKWindowFeatures
    ) -> WKWebView? {
        if let url = action.request.url { openOutside(url) }
        return nil
    }

    /// iOS has asked the person once for the app; this answers for the page. It names the page, the frame names itself.
    public func webView(
        _ webView: WKWebView,
        requestMediaCapturePermissionFor origin: WKSecurityOrigin,
        initiatedByFrame frame: WKFrameInfo,
        type: WKMediaCaptureType,
        decisionHandler: @escaping @MainActor (WKPermissionDecision) -> Void
    ) {
        let known = [shop, proof]
        let isKnown = known.contains(Origin(origin)) && known.contains(Origin(frame.securityOrigin))
        decisionHandler(isKnown && type == .camera ? .grant : .deny)
    }
}
