/** The icon of the page. It is a file because a policy of the app may forbid `data:`. */
export const ICON_NAME = "icon.svg";

export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<rect width="32" height="32" rx="6" fill="#0d1b22"/>
<path d="M4 11h11v15H4zM18 22h10v4H18zM15 22h3v4h-3z" fill="#54c7ea"/>
<path d="M15 6h3v16h-3zM11 4h11v2.5H11zM4 26h24v2H4z" fill="#e2edf0"/>
</svg>
`;
