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
    @State private var note = ""

    var body: some View {
        VStack(spacing: 16) {
            Button("Buy crypto") { isOpen = true }
            Text(note)
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

    /// Anybody can open this address. Nothing is credited by it: ask your backend how the order stands.
    private func returned(_ url: URL) {
        isOpen = false
        note = "Checking your order"
    }
}
