import ProofMobile
import SwiftUI

@main
struct ShopApp: App {
    var body: some Scene {
        WindowGroup { Checkout() }
    }
}

struct Checkout: View {
    @State private var isOpen = false
    @State private var session: Session?
    @State private var note = ""

    var body: some View {
        VStack(spacing: 16) {
            Button("Buy crypto") { isOpen = true }
            Button("Buy crypto on the hosted page") { Task { await askBackend() } }
            Text(note)
        }
        .sheet(item: $session) { session in
            ProofSafariView(
                proof: URL(string: "https://widget.example")!,
                widgetId: session.widget_id,
                initToken: session.init_token
            )
        }
        .sheet(isPresented: $isOpen) {
            ProofWebView(
                page: URL(string: "https://shop.example/buy")!,
                proof: URL(string: "https://widget.example")!,
                returnScheme: "shopapp",
                onReturn: returned
            )
        }
        // The same address from outside of the web view, as from a letter.
        .onOpenURL(perform: returned)
    }

    /// Your backend makes the session for whoever is signed in, with `redirect_url` shopapp://return/…
    private func askBackend() async {
        do {
            let (data, _) = try await URLSession.shared.data(from: URL(string: "https://shop.example/app/session")!)
            session = try JSONDecoder().decode(Session.self, from: data)
        } catch {
            note = "No session: try again."
        }
    }

    /// Anybody can open this address. Nothing is credited by it: ask your backend how the order stands.
    private func returned(_ url: URL) {
        isOpen = false
        session = nil
        note = "Checking your order"
    }
}

/// What your backend answers to the app, of `POST /widget/session`.
struct Session: Decodable, Identifiable {
    let widget_id: String
    let init_token: String
    var id: String { init_token }
}
