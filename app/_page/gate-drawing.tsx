/**
 * A headgate in section, as engineers draw it: requests arrive, the limit passes below the gate, the
 * rest turns back.
 */
export function GateDrawing() {
  return (
    <svg className="drawing" viewBox="0 0 560 236" role="img" aria-labelledby="drawing-title">
      <title id="drawing-title">
        A gate across a canal, in section. Requests wait before it. As many as the limit allows flow
        under it to the handlers; the others turn back with 429 and Retry-After.
      </title>
      <defs>
        <pattern id="earth" width="7" height="7" patternUnits="userSpaceOnUse">
          <path d="M0 7L7 0" className="thin" />
        </pattern>
        <marker
          id="tip"
          viewBox="0 0 8 8"
          refX="7"
          refY="4"
          markerWidth="7"
          markerHeight="7"
          orient="auto-start-reverse"
        >
          <path d="M0 1L7 4L0 7z" className="ink" />
        </marker>
      </defs>
      <Water />
      <rect className="earth" y="206" width="560" height="16" />
      <path className="line" d="M0 206H560" />
      <Gate />
      <Labels />
    </svg>
  );
}

function Water() {
  return (
    <g>
      <path className="water" d="M0 84H282V206H0z" />
      <path className="water" d="M282 184H292C330 184 336 188 372 188H560V206H282z" />
      <path className="surface" d="M0 84H282M292 184C330 184 336 188 372 188H560" />
      <path className="ripple" d="M14 96H262M40 108H238M74 120H214M110 132H190M136 144H170" />
      <path className="level" d="M40 84l-6 -9h12zM520 188l-6 -9h12z" />
      <path className="flow" d="M196 195H352" markerEnd="url(#tip)" />
    </g>
  );
}

function Gate() {
  return (
    <g>
      <path className="line" d="M274 206V38M300 206V38" />
      <rect className="solid" x="262" y="32" width="50" height="7" />
      <rect className="leaf" x="282" y="70" width="10" height="114" />
      <path className="line" d="M287 70V8" />
      <path className="thin" d="M283 46h8M283 51h8M283 56h8M283 61h8M283 66h8" />
      <path className="wheel" d="M262 14H312M262 9V19M312 9V19" />
    </g>
  );
}

function Labels() {
  return (
    <g>
      <path className="dimension" d="M62 84V206" markerStart="url(#tip)" markerEnd="url(#tip)" />
      <text x="72" y="166">
        requests
      </text>
      <path className="thin" d="M300 184H330" />
      <path className="dimension" d="M322 156V184" markerEnd="url(#tip)" />
      <path className="dimension" d="M322 230V206" markerEnd="url(#tip)" />
      <text x="332" y="164">
        the limit
      </text>
      <text x="462" y="166">
        handlers
      </text>
      <path className="back" d="M214 76C258 76 258 46 232 46H208" markerEnd="url(#tip)" />
      <text x="200" y="51" textAnchor="end">
        429, Retry-After
      </text>
    </g>
  );
}
