package shop.example

import android.content.Intent
import android.net.Uri
import android.os.Bundle
import android.widget.Button
import android.widget.LinearLayout
import android.widget.TextView
import androidx.activity.ComponentActivity
import proof.mobile.ProofTab

internal val PAGE: Uri = Uri.parse("https://shop.example/buy")

class MainActivity : ComponentActivity() {
    private lateinit var note: TextView

    override fun onCreate(state: Bundle?) {
        super.onCreate(state)
        note = TextView(this)
        val buy = Button(this).apply {
            text = "Buy crypto"
            setOnClickListener { if (!ProofTab.open(this@MainActivity, PAGE)) note.text = "Install a browser to go on." }
        }
        val web = Button(this).apply {
            text = "Buy crypto in a web view"
            setOnClickListener { startActivity(Intent(this@MainActivity, WebActivity::class.java)) }
        }
        val column = LinearLayout(this).apply {
            orientation = LinearLayout.VERTICAL
            fitsSystemWindows = true
            listOf(buy, web, note).forEach(::addView)
        }
        setContentView(column)
        returned(intent)
    }

    override fun onNewIntent(intent: Intent) {
        super.onNewIntent(intent)
        setIntent(intent)
        returned(intent)
    }

    /** Anybody can open this address. Nothing is credited by it: ask your backend how the order stands. */
    private fun returned(intent: Intent) {
        if (intent.data?.scheme == "shopapp") note.text = "Checking your order"
    }
}
