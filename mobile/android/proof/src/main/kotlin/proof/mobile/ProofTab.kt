package proof.mobile

import android.content.ActivityNotFoundException
import android.content.Context
import android.net.Uri
import androidx.browser.customtabs.CustomTabsIntent

/** Your page with the widget in it, in a tab of the person's browser: camera, Google Pay and their language work there. */
object ProofTab {
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
