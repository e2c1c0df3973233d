package shop.example

import android.net.Uri
import android.os.Bundle
import android.webkit.WebView
import androidx.activity.ComponentActivity
import proof.mobile.ProofWebView

/** Only if Custom Tabs are out of the question for your app. */
class WebActivity : ComponentActivity() {
    override fun onCreate(state: Bundle?) {
        super.onCreate(state)
        val view = WebView(this)
        setContentView(view)
        ProofWebView(this, PAGE, proof = Uri.parse("https://widget.example"), returnScheme = "shopapp").open(view)
    }
}
