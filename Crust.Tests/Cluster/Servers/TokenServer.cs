using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;

namespace Crust.Tests.Cluster.Servers;

/// <summary>
/// What hands out the tokens of a host's managed identity, as an App Service has it: an HTTP server on loopback that two variables name. Its tokens are signed by nobody; Azurite looks at issuer and times.
/// </summary>
internal sealed class TokenServer : IAsyncDisposable
{
    private const string Secret = "known to processes of this host";

    private readonly HttpListener _listener = new();
    private readonly Uri _endPoint;
    private readonly Task _serving;
    private int _given;

    internal TokenServer(int port)
    {
        _endPoint = new Uri($"http://127.0.0.1:{port}/token/");
        _listener.Prefixes.Add(_endPoint.ToString());
        _listener.Start();
        _serving = ServeAsync();
    }

    /// <summary>Tokens that were asked for with the secret.</summary>
    internal int Given => Volatile.Read(ref _given);

    /// <summary>What a process's surroundings need, as <c>env</c> takes it.</summary>
    internal string[] Variables => [$"IDENTITY_ENDPOINT={_endPoint}", $"IDENTITY_HEADER={Secret}"];

    public async ValueTask DisposeAsync()
    {
        _listener.Close();
        await _serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            var context = await _listener.GetContextAsync();
            var isKnown = context.Request.Headers["X-IDENTITY-HEADER"] == Secret;
            if (isKnown)
                Interlocked.Increment(ref _given);
            context.Response.StatusCode = isKnown ? 200 : 401;
            context.Response.ContentType = "application/json";
            await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(isKnown ? Answer(context.Request.QueryString["resource"] ?? "") : "{}"));
            context.Response.Close();
        }
    }

    private static string Answer(string resource)
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var claims = new { aud = "https://storage.azure.com", iss = "https://sts.windows.net/00000000-0000-0000-0000-000000000000/", iat = now - 60, nbf = now - 60, exp = now + 3600 };
        var token = $"{Part(new { alg = "RS256", typ = "JWT" })}.{Part(claims)}.{Convert.ToBase64String([1, 2, 3])}";
        return JsonSerializer.Serialize(new { access_token = token, expires_on = (now + 3600).ToString(CultureInfo.InvariantCulture), resource, token_type = "Bearer" });
    }

    private static string Part(object part) => Convert.ToBase64String(JsonSerializer.SerializeToUtf8Bytes(part)).TrimEnd('=').Replace('+', '-').Replace('/', '_');
}
