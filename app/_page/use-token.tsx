"use client";

import { createContext, type ReactNode, useContext, useMemo, useState } from "react";
import { readToken, type TokenText } from "./token-words.ts";

interface TokenState extends TokenText {
  /** The text that was typed or pasted. */
  readonly text: string;
  readonly setText: (text: string) => void;
}

const EMPTY = { ...readToken("", 0), text: "" };

const TokenContext = createContext<TokenState>({ ...EMPTY, setText: () => {} });

/** Stores the token that the page's requests carry, only in memory: a reload removes it. */
export function TokenProvider({ children }: { readonly children: ReactNode }) {
  const [state, setState] = useState(EMPTY);
  const value = useMemo(() => {
    const setText = (text: string) => setState({ ...readToken(text, Date.now()), text });
    return { ...state, setText };
  }, [state]);
  return <TokenContext value={value}>{children}</TokenContext>;
}

/** Returns the token, its description, and a function that sets it. */
export function useToken(): TokenState {
  return useContext(TokenContext);
}
