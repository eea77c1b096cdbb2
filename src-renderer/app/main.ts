/** The page's entry: connects to the host and mounts the shell. */
import { mount } from 'svelte';
import { router } from '../stores/router.svelte.ts';
import { themeChoice } from '../stores/theme.svelte.ts';
import App from './App.svelte';
import './app.css';

themeChoice.start();
router.start();
mount(App, { target: document.body });
