// The QR code: dark on light in either theme, since many readers know no other.

import { useEffect, useState } from "preact/hooks";
import type { Code } from "../../../common/qr";
import { later } from "../later";
import { messages } from "../messages";

export function QrCode({ text, label }: { text: string; label: string }) {
  const [code, setCode] = useState<Code>();
  const [missing, setMissing] = useState(false);
  useEffect(() => {
    let wanted = true;
    void later("qr", () => import("../../../common/qr")).then((file) => {
      if (!wanted) return;
      if (file) setCode(file.codeOf(text));
      else setMissing(true);
    });
    return () => {
      wanted = false;
    };
  }, [text]);
  if (missing) return <p class="muted small" role="status">{messages.sell.deposit.codeMissing}</p>;
  if (!code) return <span class="qr bone" aria-hidden="true" />;
  return (
    <svg class="qr" role="img" aria-label={label} viewBox={`0 0 ${code.size} ${code.size}`} shape-rendering="crispEdges">
      <rect width={code.size} height={code.size} fill="#ffffff" />
      <path d={code.path} fill="#12161c" />
    </svg>
  );
}
