package proof.mobile

import android.content.ActivityNotFoundException
import android.content.Context
import android.net.Uri
import androidx.browser.customtabs.CustomTabsIntent

/** Proof's page, or yours with the widget in it, in a tab of the person's browser: camera, Google Pay and their language work there. */
object ProofTab {
    /**
     * Proof's hosted page for one session. Both values come from your backend. What stands behind the `#` opens the order for an
     * hour: it does not belong in a log.
     */
    fun hosted(proof: Uri, widgetId: String, initToken: String): Uri =
        proof.buildUpon().path("/w").appendPath(widgetId).clearQuery().fragment(initToken).build()

    /** False where no browser is installed. */
    fun open(context: Context, page: Uri): Boolean {
        require(page.scheme == "https" || page.scheme == "http") { "page is not a web page" }
        // A session belongs to one person: its address is not for sharing.
        val tab = CustomTabsIntent.Builder()
            .setShareState(CustomTabsIntent.SHARE_STATE_OFF)
            .setShowTitle(true)
            .build()
        return try {
            tab.launchUrl(context, page)
            true
        } catch (_: ActivityNotFoundException) {
            false
        }
    }
}
