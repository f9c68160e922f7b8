"use client";

import { createContext, type ReactNode, useContext, useMemo, useState } from "react";
import { readToken, type TokenText } from "./token-words.ts";

interface TokenState extends TokenText {
  /** As it was typed or pasted. */
  readonly text: string;
  readonly setText: (text: string) => void;
}

const EMPTY = { ...readToken("", 0), text: "" };

const TokenContext = createContext<TokenState>({ ...EMPTY, setText: () => {} });

/** Keeps the token that the page's requests carry, in memory alone: a reload forgets it. */
export function TokenProvider({ children }: { readonly children: ReactNode }) {
  const [state, setState] = useState(EMPTY);
  const value = useMemo(() => {
    const setText = (text: string) => setState({ ...readToken(text, Date.now()), text });
    return { ...state, setText };
  }, [state]);
  return <TokenContext value={value}>{children}</TokenContext>;
}

/** The token, what it says, and how to set it. */
export function useToken(): TokenState {
  return useContext(TokenContext);
}
