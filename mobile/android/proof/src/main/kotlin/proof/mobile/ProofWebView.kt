package proof.mobile

import android.Manifest
import android.annotation.SuppressLint
import android.content.ActivityNotFoundException
import android.content.Intent
import android.content.pm.PackageManager
import android.net.Uri
import android.webkit.PermissionRequest
import android.webkit.ValueCallback
import android.webkit.WebChromeClient
import android.webkit.WebResourceRequest
import android.webkit.WebView
import android.webkit.WebViewClient
import androidx.activity.ComponentActivity
import androidx.activity.result.contract.ActivityResultContracts
import androidx.core.content.ContextCompat

/**
 * For apps that cannot use [ProofTab]. Google Pay is not available here. Make it in `onCreate`, since it registers for results.
 *
 * @param proof where `widget.2.0.js` comes from.
 * @param returnScheme the scheme of the session's `redirect_url`.
 */
class ProofWebView(private val activity: ComponentActivity, private val page: Uri, proof: Uri, returnScheme: String) {
    private val shop = Origin.of(page)
    private val chrome = CameraAndFiles(activity, setOf(shop, Origin.of(proof)))
    private val links = Links(activity, shop, returnScheme.lowercase())

    // The page is yours and the widget needs scripts; files of the device stay out of reach.
    @SuppressLint("SetJavaScriptEnabled")
    fun open(view: WebView) {
        view.settings.apply {
            javaScriptEnabled = true
            domStorageEnabled = true
            mediaPlaybackRequiresUserGesture = false
            allowFileAccess = false
        }
        view.webChromeClient = chrome
        view.webViewClient = links
        view.loadUrl(page.toString())
    }
}

/** Grants the camera, and nothing else, to known origins, after the person has granted it to the app. */
private class CameraAndFiles(private val activity: ComponentActivity, private val known: Set<Origin>) : WebChromeClient() {
    private var asked: PermissionRequest? = null
    private var chosen: ValueCallback<Array<Uri>>? = null

    private val askForCamera = activity.registerForActivityResult(ActivityResultContracts.RequestPermission()) { isGranted ->
        asked?.let { if (isGranted) it.grantCamera() else it.deny() }
        asked = null
    }

    private val askForFile = activity.registerForActivityResult(ActivityResultContracts.StartActivityForResult()) { result ->
        chosen?.onReceiveValue(FileChooserParams.parseResult(result.resultCode, result.data))
        chosen = null
    }

    override fun onPermissionRequest(request: PermissionRequest) {
        val wantsCamera = PermissionRequest.RESOURCE_VIDEO_CAPTURE in request.resources
        if (!wantsCamera || Origin.of(request.origin) !in known) return request.deny()
        val has = ContextCompat.checkSelfPermission(activity, Manifest.permission.CAMERA)
        if (has == PackageManager.PERMISSION_GRANTED) return request.grantCamera()
        asked?.deny()
        asked = request
        askForCamera.launch(Manifest.permission.CAMERA)
    }

    override fun onPermissionRequestCanceled(request: PermissionRequest) {
        if (asked == request) asked = null
    }

    /** Without this, "Choose a file" does nothing. */
    override fun onShowFileChooser(view: WebView, callback: ValueCallback<Array<Uri>>, params: FileChooserParams): Boolean {
        chosen?.onReceiveValue(null)
        chosen = callback
        return try {
            askForFile.launch(params.createIntent())
            true
        } catch (_: ActivityNotFoundException) {
            chosen = null
            false
        }
    }

    private fun PermissionRequest.grantCamera() = grant(arrayOf(PermissionRequest.RESOURCE_VIDEO_CAPTURE))
}

/** "Open in your wallet app", on the screen with the deposit address of a sell. */
private val WALLETS = setOf("bitcoin", "ethereum")

/** Your pages stay, the way back goes to your app, other pages to the browser, a wallet's link to that wallet, and everything else goes nowhere. */
private class Links(private val activity: ComponentActivity, private val shop: Origin, private val returnScheme: String) : WebViewClient() {
    override fun shouldOverrideUrlLoading(view: WebView, request: WebResourceRequest): Boolean {
        val url = request.url
        val scheme = url.scheme?.lowercase()
        // The widget's link to a wallet is in its own frame, where no web view can show it. Only a press opens one.
        val isWallet = scheme in WALLETS
        if (isWallet && !request.hasGesture()) return true
        // Other frames are the widget, card fields, the bank.
        if (!isWallet && (!request.isForMainFrame || Origin.of(url) == shop)) return false
        val intent = when (scheme) {
            in WALLETS -> Intent(Intent.ACTION_VIEW, url)
            returnScheme -> Intent(Intent.ACTION_VIEW, url).setPackage(activity.packageName)
            "http", "https" -> Intent(Intent.ACTION_VIEW, url).addCategory(Intent.CATEGORY_BROWSABLE)
            else -> return true
        }
        try {
            activity.startActivity(intent)
        } catch (_: ActivityNotFoundException) {
            // Nobody opens it; the page stays as it was.
        }
        return true
    }
}
