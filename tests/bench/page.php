<!DOCTYPE html>
<html lang="en">
<head>
    <meta charset="UTF-8">
    <title>显示 session 中的变量</title>
</head>
<body>
    <h1>显示 session 中的变量</h1>
    <h2>session.get('user') = <?= htmlspecialchars($_SESSION['user'] ?? 'None') ?></h2>
    <h2>session.get('pwd') = <?= htmlspecialchars($_SESSION['pwd'] ?? 'None') ?></h2>
</body>
</html>
