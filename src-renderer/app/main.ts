/** The page's entry: connects to the host and mounts the shell. */
import { mount } from 'svelte';
import { config } from 'zod';
import { router } from '../stores/router.svelte.ts';
import { themeChoice } from '../stores/theme.svelte.ts';
import App from './App.svelte';
import './app.css';

// Before any schema is made: zod would compile them with `new Function`, which the page's policy forbids and reports.
config({ jitless: true });
themeChoice.start();
router.start();
mount(App, { target: document.body });
