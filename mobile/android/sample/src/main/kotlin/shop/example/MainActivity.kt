package shop.example

import android.content.Intent
import android.net.Uri
import android.os.Bundle
import android.widget.Button
import android.widget.LinearLayout
import android.widget.TextView
import androidx.activity.ComponentActivity
import java.net.URL
import kotlin.concurrent.thread
import org.json.JSONObject
import proof.mobile.ProofTab

internal val PAGE: Uri = Uri.parse("https://shop.example/buy")
private val PROOF: Uri = Uri.parse("https://widget.example")

/** What your backend answers to the app: of `POST /widget/session`, which it makes for whoever is signed in. */
data class Session(val widgetId: String, val initToken: String)

class MainActivity : ComponentActivity() {
    private lateinit var note: TextView

    override fun onCreate(state: Bundle?) {
        super.onCreate(state)
        note = TextView(this)
        val buy = Button(this).apply {
            text = "Buy crypto"
            setOnClickListener { if (!ProofTab.open(this@MainActivity, PAGE)) note.text = "Install a browser to go on." }
        }
        val hosted = Button(this).apply {
            text = "Buy crypto on the hosted page"
            setOnClickListener { askBackend(::open) }
        }
        val web = Button(this).apply {
            text = "Buy crypto in a web view"
            setOnClickListener { startActivity(Intent(this@MainActivity, WebActivity::class.java)) }
        }
        val column = LinearLayout(this).apply {
            orientation = LinearLayout.VERTICAL
            fitsSystemWindows = true
            listOf(buy, hosted, web, note).forEach(::addView)
        }
        setContentView(column)
        returned(intent)
    }

    override fun onNewIntent(intent: Intent) {
        super.onNewIntent(intent)
        setIntent(intent)
        returned(intent)
    }

    private fun open(session: Session) {
        val page = ProofTab.hosted(PROOF, session.widgetId, session.initToken)
        if (!ProofTab.open(this, page)) note.text = "Install a browser to go on."
    }

    /** Yours: one call to your backend, off the main thread, with `redirect_url` shopapp://return/…. */
    private fun askBackend(then: (Session) -> Unit) {
        thread {
            val answer = runCatching { JSONObject(URL("https://shop.example/app/session").readText()) }
            runOnUiThread {
                val session = answer.getOrNull()
                if (session == null) note.text = "No session: try again."
                else then(Session(session.getString("widget_id"), session.getString("init_token")))
            }
        }
    }

    /** Anybody can open this address. Nothing is credited by it: ask your backend how the order stands. */
    private fun returned(intent: Intent) {
        if (intent.data?.scheme == "shopapp") note.text = "Checking your order"
    }
}
