/** @jsxImportSource preact */
import { useEffect, useRef, useState } from "preact/hooks";
import { requestJson } from "./request-json.ts";
import type { Confirmation } from "./confirmation.ts";

interface Props {
  readonly confirmation: Confirmation;
  /** Called with the answer of the app when the change is made. */
  readonly onDone: (value: unknown) => void;
  readonly onClose: () => void;
}

/** Shows what a change does, and makes it when the person confirms. */
export function Confirm({ confirmation: { title, lines, verb, body }, onDone, onClose }: Props) {
  const dialogRef = useRef<HTMLDialogElement>(null);
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  useEffect(() => dialogRef.current?.showModal(), []);
  const confirm = async () => {
    if (isBusy) return;
    setBusy(true);
    setProblem("");
    const answer = await requestJson("changes.json", body);
    setBusy(false);
    if ("problem" in answer) setProblem(answer.problem);
    else {
      // Closing gives the focus back to where it was.
      dialogRef.current?.close();
      onDone(answer.value);
    }
  };
  return (
    <dialog ref={dialogRef} aria-labelledby="confirm" onClose={onClose}>
      <h2 id="confirm">{title}</h2>
      {lines.map((line) => (
        <p key={line}>{line}</p>
      ))}
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      <div class="controls">
        <button type="button" onClick={() => dialogRef.current?.close()}>
          Cancel
        </button>
        <button type="button" class="do" aria-disabled={isBusy} onClick={() => void confirm()}>
          {verb}
        </button>
      </div>
    </dialog>
  );
}
