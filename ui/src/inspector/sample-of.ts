import { createContext } from 'react';
import type { Sample } from '../document/sample.ts';

/** The sample that formulas below read, where it is not the one that arrives at the node's first input. */
export const SampleOf = createContext<Pick<Sample, 'record' | 'fields'> | undefined>(undefined);
