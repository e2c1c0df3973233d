package proof.mobile

import android.net.Uri

/** Scheme, host and port: what browsers compare. */
internal data class Origin(val scheme: String, val host: String, val port: Int) {
    companion object {
        fun of(uri: Uri): Origin {
            val scheme = uri.scheme?.lowercase().orEmpty()
            val port = if (uri.port >= 0) uri.port else if (scheme == "http") 80 else 443
            return Origin(scheme, uri.host?.lowercase().orEmpty(), port)
        }
    }
}
