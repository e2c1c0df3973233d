import SafariServices
import SwiftUI

/// Proof's hosted page for one session, in Safari's own view: camera and Apple Pay work, and the address bar says where one is.
///
/// The way back is the session's `redirect_url`, a return link of yours with your app's scheme. Take it with `onOpenURL`, and close this
/// view then. How the order stands, your backend knows.
public struct ProofSafariView: UIViewControllerRepresentable {
    private let page: URL

    /// - Parameters:
    ///   - proof: the server's address, where `widget.2.0.js` comes from.
    ///   - widgetId: `widget_id` of the session that your backend made.
    ///   - initToken: its `init_token`. For an hour it opens the order: it does not belong in a log.
    public init?(proof: URL, widgetId: String, initToken: String) {
        guard let page = Self.hosted(proof: proof, widgetId: widgetId, initToken: initToken) else { return nil }
        self.page = page
    }

    /// Behind the `#`, where no browser sends it to a server.
    public static func hosted(proof: URL, widgetId: String, initToken: String) -> URL? {
        guard var parts = URLComponents(url: proof, resolvingAgainstBaseURL: false) else { return nil }
        parts.path = "/w/\(widgetId)"
        parts.query = nil
        parts.fragment = initToken
        return parts.url
    }

    public func makeUIViewController(context: Context) -> SFSafariViewController {
        SFSafariViewController(url: page)
    }

    public func updateUIViewController(_ controller: SFSafariViewController, context: Context) {}
}
