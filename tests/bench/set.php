<?php
if (!session_start()) {
    http_response_code(503);
    exit;
}
$_SESSION['user'] = $_GET['user'] ?? 'poloyy';
$_SESSION['pwd'] = $_GET['pwd'] ?? 'password';
include __DIR__ . '/page.php';
