// Filters that somebody comes back to, under a name of their own.

import { useState } from "preact/hooks";
import { go, url } from "../core/location";
import { keepViews, savedViews, withView } from "../core/saved";
import { say } from "../core/say";
import { useStore } from "../core/store";
import { Button } from "./basics";
import { Dialog } from "./dialog";
import { Input } from "./field";
import { Icon } from "./icons";

export function SavedViews({ path, query }: { path: string; query: string }) {
  const views = useStore(savedViews);
  const [naming, setNaming] = useState(false);
  const isKept = views.some((view) => view.query === query);
  if (views.length === 0 && query === "") return null;
  return (
    <div class="views" aria-label="Saved views" role="group">
      <a class="chip" href={url(path)} aria-current={query === "" ? "true" : undefined}>All</a>
      {views.map((view) => (
        <span key={view.name} class="chip-pair">
          <a class="chip" href={url(path, view.query)} aria-current={view.query === query ? "true" : undefined}>{view.name}</a>
          {view.query === query && (
            <button
              type="button"
              class="icon-button"
              aria-label={`Forget the view ${view.name}`}
              title="Forget this view"
              onClick={() => {
                keepViews(views.filter((other) => other !== view));
                say(`“${view.name}” is forgotten.`);
              }}
            >
              <Icon name="stop" size={12} />
            </button>
          )}
        </span>
      ))}
      {query !== "" && !isKept && (
        <Button kind="quiet" small icon="plus" onClick={() => setNaming(true)}>
          Save this view
        </Button>
      )}
      {naming && (
        <NameDialog
          onClose={() => setNaming(false)}
          onName={(name) => {
            keepViews(withView(views, { name, query }));
            setNaming(false);
            go(path, query, { replace: true });
          }}
        />
      )}
    </div>
  );
}

function NameDialog({ onClose, onName }: { onClose: () => void; onName: (name: string) => void }) {
  const [name, setName] = useState("");
  return (
    <Dialog title="Save this view" onClose={onClose}>
      <form class="form" onSubmit={(event) => { event.preventDefault(); onName(name); }}>
        <Input id="view-name" label="Name" hint="It is kept in this browser." value={name} onInput={setName} maxLength={40} />
        <div class="form-actions"><Button type="submit" kind="primary">Save</Button><Button onClick={onClose}>Leave it</Button></div>
      </form>
    </Dialog>
  );
}
