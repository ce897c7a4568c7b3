package okhttp3;

import java.io.File;
import java.io.IOException;
import okio.BufferedSink;

public abstract class RequestBody {
    public abstract MediaType contentType();

    public long contentLength() throws IOException {
        return -1;
    }

    public abstract void writeTo(BufferedSink sink) throws IOException;

    public static RequestBody create(String content, MediaType contentType) {
        throw new UnsupportedOperationException();
    }

    public static RequestBody create(byte[] content, MediaType contentType) {
        throw new UnsupportedOperationException();
    }

    public static RequestBody create(File file, MediaType contentType) {
        throw new UnsupportedOperationException();
    }
}
