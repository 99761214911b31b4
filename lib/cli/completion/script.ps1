# Completion of docker-mtls for PowerShell 5.1 and later, written by: docker-mtls completion powershell
# It doesn't start docker-mtls. After an update of docker-mtls, write it again.

# What can follow each command: a command, an option or nothing for an argument; the kind of its value (@file, @folder,
# @client, @server, @context, @text, or the possible words); the description.
$DockerMtlsCommands = @{
  # @@COMMANDS@@
}

$DockerMtlsCompleter = {
  param($wordToComplete, $commandAst, $cursorPosition)

  $words = @($commandAst.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { $_.Extent.Text })
  if ($words[0] -match '(^|[\\/])npx(\.cmd|\.ps1)?$') {
    $words = @($words | Select-Object -Skip 1)
    while ($words.Count -gt 0 -and $words[0] -like '-*') { $words = @($words | Select-Object -Skip 1) }
    if ($words.Count -eq 0 -or $words[0] -notmatch '^docker-mtls(@|$)') { return }
  }
  $words = @($words | Select-Object -Skip 1)

  $path = ''
  foreach ($word in @($words | Select-Object -First 2)) {
    $longer = "$path $word".Trim()
    if (-not $DockerMtlsCommands.ContainsKey($longer)) { break }
    $path = $longer
  }
  $entries = $DockerMtlsCommands[$path]

  # --option=value is one word, --option value are two.
  $current = "$wordToComplete"
  $before = ''
  $option = if ($words.Count -gt 0) { $words[-1] } else { '' }
  if ($current -match '^(--[^=]+)=(.*)$') {
    $option = $Matches[1]
    $before = "$option="
    $current = $Matches[2]
  }
  # Names of clients and contexts are offered once.
  $typed = @($words | Select-Object -Skip 2)
  $offer = {
    param($text, $about)
    if (-not $text.StartsWith($current)) { return }
    if ($typed -ccontains $text -and $text -notlike '-*') { return }
    if (-not $about) { $about = $text }
    [System.Management.Automation.CompletionResult]::new("$before$text", $text, 'ParameterValue', $about)
  }
  $offerValues = {
    param($kind)
    switch ($kind) {
      '@file' { [System.Management.Automation.CompletionCompleters]::CompleteFilename($current) }
      '@folder' {
        [System.Management.Automation.CompletionCompleters]::CompleteFilename($current) |
          Where-Object { $_.ResultType -eq 'ProviderContainer' }
      }
      { $_ -in '@client', '@server' } {
        $below = if ($kind -eq '@client') { 'clients' } else { 'hosts' }
        if ($kind -eq '@server') { & $offer 'server' }
        $at = [array]::LastIndexOf($words, '--dir')
        $folder = if ($at -ge 0 -and $at + 1 -lt $words.Count) { $words[$at + 1].Trim("'", '"') } else { '@@FOLDER@@' }
        Get-ChildItem -Directory -LiteralPath (Join-Path $folder $below) -ErrorAction SilentlyContinue |
          Where-Object { $_.Name -match '^[A-Za-z0-9][A-Za-z0-9_.-]*$' } | ForEach-Object { & $offer $_.Name }
      }
      '@context' {
        if (Get-Command docker -ErrorAction SilentlyContinue) {
          docker context ls -q 2>$null | Where-Object { $_ -match '^[A-Za-z0-9][A-Za-z0-9_.+-]*$' } | ForEach-Object { & $offer $_ }
        }
      }
      '@text' { }
      default { $kind.Split(',') | ForEach-Object { & $offer $_ } }
    }
  }

  foreach ($entry in $entries) {
    if ($entry[0] -and $entry[1] -and $entry[0] -ceq $option) { return & $offerValues $entry[1] }
  }
  $hasArguments = @($entries | Where-Object { -not $_[0] }).Count -gt 0
  foreach ($entry in $entries) {
    if (-not $entry[0]) {
      if ($current -notlike '-*') { & $offerValues $entry[1] }
    } elseif ($entry[0] -notlike '-*' -or $current -like '-*' -or -not $hasArguments) {
      & $offer $entry[0] $entry[2]
    }
  }
}

Register-ArgumentCompleter -Native -CommandName docker-mtls, npx -ScriptBlock $DockerMtlsCompleter.GetNewClosure()
