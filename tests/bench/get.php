<?php
if (!session_start()) {
    http_response_code(503);
    exit;
}
include __DIR__ . '/page.php';
